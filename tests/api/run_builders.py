"""Small trainings in run folders: in this process, in processes that are killed, and as the `diabolo` command."""

import contextlib
import multiprocessing
import os
import resource
import sys
from dataclasses import asdict
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np

from diabolo.api.execute import Outcome, execute
from diabolo.api.job import new_job, resumed_job
from diabolo.train import read_state, read_tensors
from diabolo.use import Run, load

PLAIN = "conv4 relu bn pool | up conv3 sigmoid"
NOISY = "noise conv4 relu bn dropout pool | gaussian4 | up conv3 sigmoid"
UNBOUNDED = "conv4 relu pool | up conv3"
SMALL = {"epochs": 3, "batch_size": 10, "num_train_eval": 20}

# A process that has torch in memory already and forks: the children are real processes that start in no time.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["diabolo.cli.main", "diabolo.api.fit"])


def random_images(num_images: int = 70, seed: int = 0) -> np.ndarray:
    """Smooth random pictures, uint8 (N, 8, 8, 3)."""
    coarse = np.random.default_rng(seed).integers(0, 256, (num_images, 4, 4, 3))
    return coarse.repeat(2, axis=1).repeat(2, axis=2).astype(np.uint8)


def save_images(folder: Path) -> Path:
    file = folder / "images.npy"
    if not file.exists():
        np.save(file, random_images())
    return file


def train(
    out: Path, line: Any = PLAIN, *, data: Any = None, should_stop: Any = None, watch: Any = None, **settings: Any
) -> Outcome:
    """A new training of the images beside `out`, or those given; without pictures."""
    job = new_job(line, save_images(out.parent) if data is None else data, settings=SMALL | settings, out=out)
    never, nothing = (lambda: False), (lambda event: None)
    return execute(job, should_stop=should_stop or never, watch=watch or nothing, pictures=False)


def go_on(out: Path, **options: Any) -> Outcome:
    return execute(resumed_job(out), **{"pictures": False} | options)


def contents(run: Run | Path) -> dict[str, Any]:
    """All results of a run but times and speeds."""
    run = load(run) if isinstance(run, Path) else run
    state = read_state(run.folder.state_file)
    rows = [
        {name: value for name, value in asdict(row).items() if name not in ("seconds", "images_per_second")}
        for row in run.history
    ]
    kept, _ = read_tensors(run.folder.model_file)
    return {
        "status": run.record.status,
        "test": run.record.test,
        "history": rows,
        "kept": {name: value.numpy().tobytes() for name, value in kept.items()},
        "state": {name: value.numpy().tobytes() for name, value in state.tensors.items()},
        "best": (state.progress.best_epoch, state.progress.best_loss),
    }


def start_command(arguments: list[str], log: Path, *, largest_file: int | None = None) -> BaseProcess:
    """`diabolo …` as a process of its own, its standard output and error in `log`.

    Args:
        arguments: after `diabolo`.
        log: file for what it prints.
        largest_file: bytes; the system refuses what a file has beyond them, as a full disk does.
    """
    process = CONTEXT.Process(target=_command, args=(arguments, log, largest_file))
    process.start()
    return process


def run_command(arguments: list[str], log: Path, **options: Any) -> tuple[int, str]:
    """`diabolo …` to its end: exit code and what it printed."""
    process = start_command(arguments, log, **options)
    process.join(60)
    assert process.exitcode is not None, log.read_text()
    return process.exitcode, log.read_text()


def start_call(function: Any, *arguments: Any) -> BaseProcess:
    """A function of a test as a process of its own."""
    process = CONTEXT.Process(target=_call, args=(function, arguments))
    process.start()
    return process


def _call(function: Any, arguments: tuple) -> None:
    import torch

    torch.set_num_threads(1)
    function(*arguments)


def _command(arguments: list[str], log: Path, largest_file: int | None) -> None:
    import torch

    from diabolo.cli.main import main

    torch.set_num_threads(1)
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    sys.argv = ["diabolo", *arguments]
    with log.open("w", buffering=1) as file, contextlib.redirect_stdout(file), contextlib.redirect_stderr(file):
        os.dup2(file.fileno(), 2)  # what a signal handler says goes to the descriptor
        main()
