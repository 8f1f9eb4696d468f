"""The job in diabolo itself: its own training loop, with the recipe `keras`, on uint8 images."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

# The diabolo that asks is the one to be measured, wherever it lies.
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from diabolo.allocator import use_huge_pages

use_huge_pages()  # before torch asks for its first memory: hence the imports below it

import torch  # noqa: E402

from diabolo.kernels import find_library  # noqa: E402
from diabolo.model import build_model  # noqa: E402
from diabolo.train import Event, StepDone, TrainingImages, find_recipe, train  # noqa: E402

_ENDLESS = 100_000  # epochs: more than anybody waits for


class Job:
    """One model in diabolo; see `serving` for how it is asked."""

    def __init__(self, settings: dict[str, str]) -> None:
        self.engine = settings["engine"]
        if self.engine == "fused" and find_library() is None:
            raise RuntimeError("the native stage engine was not built; `python -m diabolo.kernels` builds it")
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))

    def versions(self) -> dict[str, str]:
        """What computes here."""
        from diabolo import __version__

        library = find_library()
        found = {"diabolo": __version__, "torch": torch.__version__, "numpy": np.__version__}
        if self.engine == "fused" and library is not None:
            found["instruction set"] = library.level
        return found

    def prepare(self, task: dict[str, Any]) -> None:
        """Builds the model and takes the images; what was there before goes."""
        self.task = task
        self.images = np.load(task["images"], mmap_mode="r")
        self.model = build_model(task["line"], tuple(task["shape"]), seed=task["seed"], engine=self.engine)
        self.events: Iterator[Event] = iter(())
        self.num_steps = -1

    def train(self, num_steps: int) -> list[float]:
        """Seconds of each of `num_steps` training steps; one before them isn't counted."""
        if num_steps != self.num_steps:
            self.events = self._start(num_steps)
            self.num_steps = num_steps
        seconds: list[float] = []
        before = time.perf_counter()
        for event in self.events:
            now = time.perf_counter()
            if isinstance(event, StepDone):
                seconds.append(now - before)
            before = now
            if len(seconds) > num_steps:
                break
        return seconds[1:]

    def infer(self, num_steps: int) -> list[float]:
        """Seconds of each of `num_steps` reconstructions of a batch; one before them isn't counted."""
        batch = self.images[np.arange(self.task["batch"]) % len(self.images)]
        floats = torch.from_numpy(batch).to(torch.float32).div_(255.0).permute(0, 3, 1, 2)
        seconds = []
        self.model.eval()
        with torch.inference_mode():
            for _ in range(num_steps + 1):
                started = time.perf_counter()
                self.model(floats)
                seconds.append(time.perf_counter() - started)
        self.model.train()
        return seconds[1:]

    def whole(self, task: dict[str, Any], test_images: str, num_steps: int) -> None:
        """Both parts in memory as uint8, some steps, and what an epoch ends with: loss and metrics of the test."""
        self.prepare(task)
        images, test = np.load(task["images"]), np.load(test_images)
        recipe = find_recipe("keras").with_settings({"batch_size": task["batch"], "epochs": 1})
        parts = TrainingImages(
            train=images,
            train_indices=np.arange(min(num_steps * task["batch"], len(images))),
            validation=test,
            validation_indices=np.arange(len(test)),
        )
        for _ in train(self.model, parts, recipe, seed=task["seed"]):
            pass

    def _start(self, num_steps: int) -> Iterator[Event]:
        """A training whose epochs are as long as one turn, with next to no evaluation at their ends."""
        batch = self.task["batch"]
        indices = np.arange((num_steps + 1) * batch) % len(self.images)
        recipe = find_recipe("keras").with_settings({"batch_size": batch, "epochs": _ENDLESS, "num_train_eval": 1})
        images = np.ascontiguousarray(self.images)
        parts = TrainingImages(
            train=images, train_indices=indices, validation=images[:1], validation_indices=indices[:1]
        )
        return iter(train(self.model, parts, recipe, seed=self.task["seed"]))
