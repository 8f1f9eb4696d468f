"""The loss of an epoch where it is computed, and batches read ahead: what a GPU's queue does, tried on the CPU."""

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from train_builders import DEAD_BRANCH, NOISY, PLAIN, model, parts, random_images, recipe

from diabolo.train import Checkpoint, Diverged, EpochDone, ImageSource, StepDone, Stopped, Trained, loop, tally, train
from diabolo.train.tally import DeviceTally, HostTally, make_tally

CPU = torch.device("cpu")
NAN, INF = float("nan"), float("inf")


def on_device(device: torch.device, **sums: Any) -> DeviceTally:
    return DeviceTally(device, sums["step"], sums["num_seen"], sums["loss_sum"])


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trains on the CPU as on CUDA: sums stay on the device, and are read now and then."""
    monkeypatch.setattr(loop, "make_tally", on_device)
    monkeypatch.setattr(tally, "SECONDS_BETWEEN_READINGS", 0.0)


class Waits(TorchDispatchMode):
    """Counts the operations that make a host wait for its device."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = function.name()
        if name in ("aten::_local_scalar_dense", "aten::nonzero", "aten::item", "aten::is_nonzero", "aten::equal"):
            self.counts[name] += 1
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("losses", [[1.0, 2.0, 4.0], [1.0, NAN, 4.0, NAN], [INF], [2.0, -INF, 1.0], [INF, NAN], []])
def test_both_tallies_say_the_same(losses: list[float]) -> None:
    host, device = HostTally(3, 30, 15.0), DeviceTally(CPU, 3, 30, 15.0)
    for loss in losses:
        device.add(torch.tensor(loss), 10)
    for loss in losses:
        if not host.add(torch.tensor(loss), 10):
            break
    ours, theirs = device.settled(), host.settled()
    assert (ours.step, ours.is_broken) == (theirs.step, theirs.is_broken)
    assert ours.step == 3 + next((index for index, loss in enumerate(losses) if not np.isfinite(loss)), len(losses))
    assert float(device.skip) == ours.is_broken
    if not ours.is_broken:
        assert ours == theirs
        assert ours.loss == pytest.approx((15 + 10 * sum(losses)) / (30 + 10 * len(losses)))
    elif np.isnan(theirs.loss):
        assert np.isnan(ours.loss)
    else:
        assert ours.loss == theirs.loss, "the sign of an infinite loss is kept"


def test_readings_come_a_few_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 100.0
    monkeypatch.setattr(tally.time, "monotonic", lambda: clock)
    counted = DeviceTally(CPU, 0, 0, 0.0)
    readings = []
    for step in range(100):
        counted.add(torch.tensor(1.0), 1)
        clock += 0.01
        reading = counted.latest()
        if reading is not None:
            readings.append((step + 1, reading.step, reading.loss))
    assert len(readings) == 3
    assert all(asked > known and loss == 1.0 for asked, known, loss in readings), "what was known a step ago"


def test_cuda_gets_the_one_and_others_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "DeviceTally", lambda device, *sums: (device.type, sums))
    assert make_tally(torch.device("cuda"), step=1, num_seen=2, loss_sum=3.0) == ("cuda", (1, 2, 3.0))
    assert isinstance(make_tally(CPU, step=1, num_seen=2, loss_sum=3.0), HostTally)
    assert isinstance(make_tally(torch.device("mps"), step=1, num_seen=2, loss_sum=3.0), HostTally)


@pytest.mark.usefixtures("queued")
@pytest.mark.parametrize("line", [PLAIN, NOISY, DEAD_BRANCH])
@pytest.mark.parametrize("optimiser", ["adam-keras", "sgd"])
def test_a_queue_changes_no_result(line: str, optimiser: str, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = recipe(optimiser=optimiser, clip_norm=1.0)
    queued = model(line)
    events = list(train(queued, parts(), chosen))
    monkeypatch.undo()
    plain = model(line)
    *_, done = train(plain, parts(), chosen)
    assert isinstance(events[-1], Trained)
    for name, value in plain.state_dict().items():
        assert torch.equal(value, queued.state_dict()[name]), name
    for ours, theirs in zip(events[-1].history, done.history, strict=True):
        assert ours.loss == pytest.approx(theirs.loss, rel=1e-12)
        assert (ours.val_loss, ours.val_ssim) == (theirs.val_loss, theirs.val_ssim)


@pytest.mark.usefixtures("queued")
@pytest.mark.parametrize("bad", [NAN, INF])
def test_a_broken_step_in_the_queue_leaves_the_weights_of_the_step_before(bad: float) -> None:
    """The loss of step 7, the second of epoch 2, is made to break; the steps queued behind it must do no harm."""
    trained, images = model(), parts()
    weights: list[torch.Tensor] = []
    calls = 0

    def watch(module: Any, inputs: Any, output: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        if not trained.training:
            return output
        calls += 1
        weights.append(torch.cat([value.detach().flatten() for value in trained.parameters()]))
        return output * bad if calls == 7 else output

    trained.layers["conv_2"].register_forward_hook(watch)
    events = list(train(trained, images, recipe(), checkpoint_seconds=0))
    assert isinstance(events[-1], Diverged)
    assert (events[-1].epoch, events[-1].step) == (2, 2)
    assert not np.isfinite(events[-1].loss)
    assert sum(isinstance(event, EpochDone) for event in events) == 1
    after = torch.cat([value.detach().flatten() for value in trained.parameters()])
    assert torch.equal(after, weights[6]), "step 7 and all after it were left out"
    assert not torch.equal(weights[6], weights[5])


@pytest.mark.usefixtures("queued")
def test_a_stop_and_a_checkpoint_wait_for_the_queue_and_go_on_exactly() -> None:
    images, chosen = parts(), recipe()
    whole = model()
    *_, done = train(whole, images, chosen)
    num_asked, state = 0, None

    def stop() -> bool:
        nonlocal num_asked
        num_asked += 1
        return num_asked == 9

    for event in train(model(), images, chosen, should_stop=stop, checkpoint_seconds=0):
        if isinstance(event, Checkpoint | Stopped):
            state = event.state()
    assert isinstance(event, Stopped)
    assert state is not None
    assert (state.progress.epoch, state.progress.step, state.progress.num_seen) == (1, 3, 30)
    again = model(seed=5)
    *_, resumed = train(again, images, chosen, resume=state)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
    assert resumed.history[1].loss == pytest.approx(done.history[1].loss, rel=1e-12)


@pytest.mark.parametrize("line", [PLAIN, NOISY])
def test_nobody_waits_within_an_epoch(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """For `.item()` and its like a host waits for CUDA; the count of the CPU's own tally shows that they are seen."""

    def waits_of_steps() -> list[int]:
        """How many there were before each step of an epoch."""
        before: list[int] = []
        with Waits() as waits:

            def note() -> bool:
                before.append(sum(waits.counts.values()))
                return False

            # plain: the native stages are on the CPU only, where waiting costs nothing
            list(train(model(line, engine="plain"), parts(), recipe(epochs=1, clip_norm=1.0), should_stop=note))
        return [count - before[0] for count in before]

    assert waits_of_steps() == [0, 1, 2, 3, 4]
    monkeypatch.setattr(loop, "make_tally", on_device)
    assert waits_of_steps() == [0] * 5


class Elsewhere:
    """Images that are no array, as those on disk are not."""

    def __init__(self, images: np.ndarray) -> None:
        self.images = images
        self.shape, self.dtype, self.ndim = images.shape, images.dtype, images.ndim
        self.readers: set[str] = set()
        self.fails_at: int | None = None

    def __len__(self) -> int:
        return len(self.images)

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter(self.images)

    def __getitem__(self, key: Any) -> np.ndarray:
        self.readers.add(threading.current_thread().name)
        if self.fails_at is not None and np.any(np.asarray(key) == self.fails_at):
            raise OSError("the disk is gone")
        return self.images[key]


def readers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("diabolo-images")]


def test_reading_ahead_gives_the_same_batches_and_leaves_no_thread() -> None:
    images = random_images(57)
    order = np.random.default_rng(1).permutation(57)
    source = Elsewhere(images)
    ahead, direct = ImageSource(source, CPU), ImageSource(images, CPU)
    for first in (0, 2, 5, 6):
        found = list(ahead.batches(order, 10, first=first))
        wanted = list(direct.batches(order, 10, first=first))
        assert len(found) == len(wanted) == 6 - first
        assert all(torch.equal(one, other) for one, other in zip(found, wanted, strict=True))
    assert source.readers == {"diabolo-images_0"}
    assert not readers()
    batches = ahead.batches(order, 10)
    next(batches)
    assert readers()
    batches.close()
    assert not readers()


@pytest.mark.parametrize("how", ["dropped", "stopped", "error of a reader", "error of the disk"])
def test_however_training_ends_no_thread_is_left(how: str) -> None:
    images = parts()
    source = Elsewhere(images.train)
    images = replace(images, train=source, validation=source)
    if how == "error of the disk":
        source.fails_at = int(images.train_indices[3])
        with pytest.raises(OSError, match="the disk is gone"):
            list(train(model(), images, recipe(num_train_eval=1)))
    elif how == "stopped":
        events = list(train(model(), images, recipe(), should_stop=lambda: bool(readers())))
        assert isinstance(events[-1], Stopped)
    else:
        events = train(model(), images, recipe())
        for event in events:
            if isinstance(event, StepDone):
                assert readers()
                break
        if how == "dropped":
            events.close()
        else:
            with pytest.raises(KeyboardInterrupt):
                events.throw(KeyboardInterrupt)
    assert not readers()


def test_training_from_elsewhere_is_training_from_memory() -> None:
    images = parts()
    source = Elsewhere(images.train)
    near, far = model(), model()
    *_, wanted = train(near, images, recipe())
    *_, found = train(far, replace(images, train=source, validation=source), recipe())
    for name, value in near.state_dict().items():
        assert torch.equal(value, far.state_dict()[name]), name
    assert [row.val_loss for row in found.history] == [row.val_loss for row in wanted.history]
