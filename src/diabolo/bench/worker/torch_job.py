"""The job in plain torch, as most people write it: float32 images in memory, a module, Adam, eager or compiled."""

import os
import time
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Job:
    """One model in torch; see `serving` for how it is asked."""

    def __init__(self, settings: dict[str, str]) -> None:
        channels_last = settings["layout"] == "channels-last"
        self.layout = torch.channels_last if channels_last else torch.contiguous_format
        self.compiled = settings.get("compile") == "yes"
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))

    def versions(self) -> dict[str, str]:
        """What computes here."""
        return {"torch": torch.__version__, "numpy": np.__version__}

    def prepare(self, task: dict[str, Any]) -> None:
        """Builds the model and takes the images; what was there before goes."""
        torch.manual_seed(task["seed"])
        self.batch = task["batch"]
        self.images = np.load(task["images"], mmap_mode="r")
        self.model = Network(task["layers"], task["shape"][2]).to(memory_format=self.layout)  # type: ignore[call-overload]
        self.optimiser = torch.optim.Adam(self.model.parameters(), eps=1e-7)
        if self.compiled:
            torch._dynamo.reset()
        self.run = torch.compile(self.model) if self.compiled else self.model
        self.floats = torch.empty(0)

    def train(self, num_steps: int) -> list[float]:
        """Seconds of each of `num_steps` training steps; one before them isn't counted."""
        images = self._floats((num_steps + 1) * self.batch)
        seconds = []
        for chosen in torch.randperm(len(images)).split(self.batch):
            started = time.perf_counter()
            self._step(images[chosen])
            seconds.append(time.perf_counter() - started)
        return seconds[1:]

    def infer(self, num_steps: int) -> list[float]:
        """Seconds of each of `num_steps` reconstructions of a batch; one before them isn't counted."""
        images = self._floats(self.batch)[: self.batch]
        seconds = []
        self.model.eval()
        with torch.no_grad():
            for _ in range(num_steps + 1):
                started = time.perf_counter()
                torch.sigmoid(self.run(images))
                seconds.append(time.perf_counter() - started)
        self.model.train()
        return seconds[1:]

    def whole(self, task: dict[str, Any], test_images: str, num_steps: int) -> None:
        """Both parts in memory as float32, some steps, and an evaluation of the test images."""
        self.prepare(task)
        train = self._tensor(np.load(task["images"]))
        test = self._tensor(np.load(test_images))
        for chosen in torch.randperm(len(train))[: num_steps * self.batch].split(self.batch):
            self._step(train[chosen])
        self.model.eval()
        with torch.no_grad():
            for part in test.split(self.batch):
                float(F.binary_cross_entropy_with_logits(self.run(part), part))
        self.model.train()

    def _step(self, images: Tensor) -> None:
        loss = F.binary_cross_entropy_with_logits(self.run(images), images)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        loss.item()

    def _floats(self, number: int) -> Tensor:
        if len(self.floats) < number:
            self.floats = self._tensor(self.images[np.arange(number) % len(self.images)])
        return self.floats[:number]

    def _tensor(self, images: np.ndarray) -> Tensor:
        """uint8 (N, H, W, C) as float32 (N, C, H, W) in [0, 1], in this job's layout."""
        floats = torch.from_numpy(images).permute(0, 3, 1, 2).to(torch.float32, memory_format=self.layout)
        return floats.div_(255.0)


class Network(nn.Module):
    """The layers in a row, side branches called and dropped; gives logits where the last layer is a sigmoid."""

    def __init__(self, layers: list[dict[str, Any]], channels: int) -> None:
        super().__init__()
        made: list[nn.Module] = []
        self.is_side = []
        for layer in layers[:-1] if layers[-1]["kind"] == "sigmoid" else layers:
            kind = layer["kind"]
            if kind == "conv":
                convolution = nn.Conv2d(channels, layer["channels"], 3, padding=1)
                channels = layer["channels"]
                nn.init.xavier_uniform_(convolution.weight)
                assert convolution.bias is not None
                nn.init.zeros_(convolution.bias)
                made.append(convolution)
            elif kind == "bn":
                made.append(nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01))
            elif kind == "pool":
                made.append(nn.MaxPool2d(2, ceil_mode=True))
            elif kind == "up":
                made.append(nn.UpsamplingNearest2d(scale_factor=2))
            else:
                made.append({"relu": nn.ReLU, "sigmoid": nn.Sigmoid}[kind]())
            self.is_side.append(layer["side"])
        self.layers = nn.ModuleList(made)

    def forward(self, value: Tensor) -> Tensor:
        """Images (N, C, H, W) -> logits of the reconstruction."""
        for layer, is_side in zip(self.layers, self.is_side, strict=True):
            result = layer(value)
            value = value if is_side else result
        return value
