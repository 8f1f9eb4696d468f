"""A folder of 100,000 small images: listing, cache, one epoch, encoding all; time and memory as the folder grows.

`python benchmarks/folders.py [--work FOLDER] [--counts 10000,30000,100000] [--rounds 3] [--seconds 10]`: every step in
a process of its own. The images are CIFAR-10's train images and flipped crops of them, half PNG and half JPEG. A run
that was stopped is gone on with, if the commit is the same; `--fresh` forgets what was measured.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from header import ROOT, say, spread, write_results

STEPS = ("list", "build the cache", "load from the cache", "train one epoch", "encode all")
ARMS = ("in memory", "from the cache")
TARGET = 0.7  # of the speed in memory
WARM_UP_STEPS = 3
MODEL = "method-2"
A_FOLDER = 1_000  # images in each subfolder


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "diabolo-folders")
    arguments.add_argument("--counts", default="10000,30000,100000", help="images in the folders, at most 100,000")
    arguments.add_argument("--rounds", type=int, default=3, help="processes an arm of the training speed")
    arguments.add_argument("--seconds", type=float, default=10.0, help="measured time of each of those processes")
    arguments.add_argument("--data", default="cifar10", help="where the images come from")
    arguments.add_argument("--fresh", action="store_true", help="measure all steps anew")
    arguments.add_argument("--results", default="folders", help="name of the file of results")
    arguments.add_argument("--one", nargs="+", help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.one:
        print(json.dumps(one_step(*options.one, seconds=options.seconds, work=options.work)))
        return
    counts = sorted(int(count) for count in options.counts.split(","))
    raw = Raw(options.work / "raw.json", fresh=options.fresh)
    options.work.mkdir(parents=True, exist_ok=True)
    folders = make_folders(options.work, counts, options.data)
    make_run(options.work)
    for count in counts:
        for step in STEPS:
            found = raw.get(
                f"{count} {step}", lambda folder=folders[count], step=step: in_a_process(options, folder, step)
            )
            say(
                f"{count:>8,}  {step:<20} {found['seconds']:8.2f} s  "
                f"{1e6 * found['seconds'] / count:7.1f} µs an image  "
                f"{1e6 * found['cpu_seconds'] / count:7.1f} µs of CPU  {found['peak_memory_mib']:6,.0f} MiB"
            )
    speeds: dict[str, list[float]] = {arm: [] for arm in ARMS}
    for turn in range(options.rounds):
        for arm in ARMS if turn % 2 == 0 else ARMS[::-1]:
            found = raw.get(
                f"speed {turn} {arm}", lambda arm=arm: in_a_process(options, folders[counts[-1]], f"speed {arm}")
            )
            speeds[arm].append(found["images_per_second"])
            say(f"  round {turn + 1}: {arm}: {speeds[arm][-1]:,.0f} img/s")
    shares = [one / other for one, other in zip(speeds[ARMS[1]], speeds[ARMS[0]], strict=True)]
    say(f"from the cache / in memory: {spread(shares)['median']:.0%} (target {TARGET:.0%})")
    steps = {step: {str(count): raw.content[f"{count} {step}"] for count in counts} for step in STEPS}
    growth = {step: growth_of(steps[step], counts) for step in STEPS}
    for step, one in growth.items():
        say(f"{step:<20} {one['seconds_an_image']:5.2f} × the time an image, {one['more_memory_mib']:+,.0f} MiB")
    written = write_results(
        options.results,
        unit="seconds of wall and CPU time; MiB of resident memory at its highest; images a second",
        method=f"each step in a process of its own, files in the system's cache; the speed of training {MODEL} with "
        f"recipe `fast` over {options.seconds:g} s after {WARM_UP_STEPS} uncounted steps, arms in turn, "
        f"{options.rounds} rounds, shares of the same round",
        arms={arm: {"images_per_second": spread(values)} for arm, values in speeds.items()},
        steps=steps,
        growth={"counts": counts, **growth},
        share_of_in_memory=spread(shares),
        target=TARGET,
        loads=raw.content["loads"],
    )
    say(f"{written.relative_to(ROOT)}")


class Raw:
    """What was measured, kept after every step; only while the commit is the same."""

    def __init__(self, path: Path, *, fresh: bool) -> None:
        from diabolo.bench.report import current_commit

        self.path = path
        self.content: dict[str, Any] = {"commit": current_commit(), "loads": {}}
        if not fresh and path.exists():
            found = json.loads(path.read_text())
            if found["commit"] == self.content["commit"]:
                self.content = found

    def get(self, name: str, measure: Any) -> dict[str, Any]:
        """The result of this name; measured where it is not known, with the machine's load before it."""
        if name not in self.content:
            load = os.getloadavg()[0]
            self.content[name] = measure()
            self.content["loads"][name] = round(load, 2)
            self.path.write_text(json.dumps(self.content))
        found: dict[str, Any] = self.content[name]
        return found


def growth_of(results: dict[str, dict[str, Any]], counts: list[int]) -> dict[str, float]:
    """From the smallest folder to the largest: time an image as a ratio, memory as a difference."""
    first, last = results[str(counts[0])], results[str(counts[-1])]
    return {
        "seconds_an_image": (last["seconds"] / counts[-1]) / (first["seconds"] / counts[0]),
        "cpu_seconds_an_image": (last["cpu_seconds"] / counts[-1]) / (first["cpu_seconds"] / counts[0]),
        "more_memory_mib": last["peak_memory_mib"] - first["peak_memory_mib"],
    }


def make_folders(work: Path, counts: list[int], data: str) -> dict[int, Path]:
    """Folders of so many images; the smaller ones are hard links to the first files of the largest."""
    folders = {count: work / f"images-{count}" for count in counts}
    names = [f"{number // A_FOLDER:03}/{number:06}.{'png' if number % 2 else 'jpg'}" for number in range(counts[-1])]
    write_images(folders[counts[-1]], names, data)
    for count in counts[:-1]:
        if (work / f"images-{count}.done").exists():
            continue
        for name in names[:count]:
            target = folders[count] / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                os.link(folders[counts[-1]] / name, target)
        (work / f"images-{count}.done").touch()
    return folders


def write_images(folder: Path, names: list[str], data: str) -> None:
    """Images number 2k and 2k+1 are train image k, and a flipped crop of it, shifted by up to 4 pixels."""
    done = folder.with_name(f"{folder.name}.done")
    if done.exists():
        return
    import numpy as np
    from PIL import Image

    from diabolo.data import load_data

    images = load_data(data).train
    assert 2 * len(images) >= len(names), f"{data} has too few images"
    started = time.monotonic()
    for number, name in enumerate(names):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            continue
        pixels = np.asarray(images[number // 2])
        if number % 2:
            top, left = np.random.default_rng(number).integers(0, 9, 2)
            padded = np.pad(pixels, ((4, 4), (4, 4), (0, 0)), mode="reflect")
            pixels = padded[top : top + pixels.shape[0], left : left + pixels.shape[1]][:, ::-1]
        beside = target.with_name(f".{target.name}")
        # Formats by the pair, so that originals and crops come as both.
        kind = "PNG" if (number // 2) % 2 else "JPEG"
        Image.fromarray(np.ascontiguousarray(pixels)).save(beside, format=kind, quality=95)
        beside.replace(target)
    done.touch()
    say(f"made {len(names):,} images in {time.monotonic() - started:.0f} s: {folder}")


def make_run(work: Path) -> None:
    """A trained model, for encoding; how well it is trained does not matter."""
    if (work / "run" / "model.safetensors").exists():
        return
    import diabolo

    shutil.rmtree(work / "run", ignore_errors=True)
    diabolo.fit(MODEL, "cifar10-sample", epochs=1, out=work / "run")


def one_step(step: str, folder: str, *, seconds: float, work: Path) -> dict[str, Any]:
    """One step in this process: wall time, CPU time and the highest resident memory."""
    from diabolo.data import load_data
    from diabolo.data.listing import list_folder

    if step.startswith("speed "):
        return speed(load_data(Path(folder)).train, step.removeprefix("speed "), seconds)
    more: dict[str, Any] = {}
    if step == "train one epoch":
        dataset = load_data(Path(folder))
        prepare_training = dataset.train, dataset.validation
    elif step == "encode all":
        import diabolo
        from diabolo.use.encode_files import encode_files

        run = diabolo.load(work / "run")
        run.model  # noqa: B018 - loaded before the clock starts
    started, cpu_started = time.perf_counter(), time.process_time()
    if step == "list":
        more["files"] = len(list_folder(Path(folder)))
    elif step in ("build the cache", "load from the cache"):
        dataset = load_data(Path(folder))
        more["digest"], more["skipped"] = dataset.digest, len(dataset.skipped)
    elif step == "train one epoch":
        more["images"] = train_one_epoch(*prepare_training)
    else:
        target = work / "latents.npz"
        done = encode_files(run, [Path(folder)], target)
        more["images"], more["shape"], more["file_mib"] = done.num_images, done.shape, target.stat().st_size / 2**20
    ended, cpu_ended = time.perf_counter(), time.process_time()
    if step == "encode all":
        target.unlink()
    return {"seconds": ended - started, "cpu_seconds": cpu_ended - cpu_started, "peak_memory_mib": peak(), **more}


def train_one_epoch(train_images: Any, validation: Any) -> int:
    """An epoch of recipe `fast`, with its evaluation, without writing a run."""
    import numpy as np

    from diabolo.api.build import build
    from diabolo.train import EpochDone, TrainingImages, find_recipe, train

    parts = TrainingImages(
        train=train_images,
        train_indices=np.arange(len(train_images)),
        validation=validation,
        validation_indices=np.arange(len(validation)),
    )
    recipe = find_recipe("fast").with_settings({"epochs": 1})
    assert sum(isinstance(event, EpochDone) for event in train(build(MODEL), parts, recipe)) == 1
    return len(train_images)


def speed(images: Any, arm: str, seconds: float) -> dict[str, Any]:
    """Images a second of training, over all counted steps."""
    import numpy as np

    from diabolo.api.build import build
    from diabolo.train import StepDone, TrainingImages, find_recipe, train

    if arm == ARMS[0]:
        images = images[:]
    recipe = find_recipe("fast").with_settings({"epochs": 1_000_000, "num_train_eval": 1})
    parts = TrainingImages(
        train=images, train_indices=np.arange(len(images)), validation=images, validation_indices=np.arange(1)
    )
    num_steps, started, now = 0, 0.0, 0.0
    for event in train(build(MODEL), parts, recipe):
        if not isinstance(event, StepDone):
            continue
        now = time.perf_counter()
        num_steps += 1
        if num_steps == WARM_UP_STEPS:
            started = now
        if num_steps > WARM_UP_STEPS and now - started > seconds:
            break
    counted = (num_steps - WARM_UP_STEPS) * recipe.batch_size
    return {
        "images_per_second": counted / (now - started),
        "peak_memory_mib": peak(),
        "batch_size": recipe.batch_size,
        "images_are": type(images).__name__,
    }


def peak() -> float:
    """Highest resident memory of this process so far, in MiB."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else float("nan")


def in_a_process(options: argparse.Namespace, folder: Path, step: str) -> dict[str, Any]:
    cache = options.work / "cache"
    if step == "build the cache":
        for old in (cache / "folders").glob(f"{folder.name}-*"):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    command = [sys.executable, __file__, "--one", step, str(folder), "--seconds", str(options.seconds)]
    command += ["--work", str(options.work)]
    environment = {**os.environ, "THP_MEM_ALLOC_ENABLE": "1", "DIABOLO_CACHE": str(cache)}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


if __name__ == "__main__":
    main()
