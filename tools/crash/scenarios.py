"""What is killed: training, comparing, fetching, building a cache, exporting; and how to tell what was lost."""

# ruff: noqa: D102  (said once, in `Scenario`)

import contextlib
import hashlib
import json
import re
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
_DIABOLO = [sys.executable, "-m", "diabolo"]
_LINE = "conv4 relu bn pool | up conv3 sigmoid"
_OTHER = "conv4 relu bn pool dropout | noise[std=0.1] up conv3 sigmoid"
_CLOCK_NS = 10_000_000  # by which the time of a file may lag behind the clock
_TIMES = ("seconds", "images_per_second")  # what no two runs have in common


@dataclass(kw_only=True)
class Scenario:
    """A command, and what it must leave."""

    name: str
    """In the log."""
    weight: int
    """Share of the kills."""
    most_kills: int = 60
    """Of a round, after which the command runs undisturbed; few where nothing is gone on with, and all is made anew."""

    def prepare(self, place: Path) -> None:
        """Makes what the command needs."""

    def environment(self, place: Path) -> dict[str, str]:
        """Of the command."""
        return {}

    def command(self, folder: Path) -> list[str]:
        """To be started, or started again."""
        raise NotImplementedError

    def is_busy(self, folder: Path, since_ns: int) -> bool:
        """Whether the command, started at that time, has begun to write."""
        return any(_is_newer(path, since_ns) for path in folder.rglob("*"))

    def is_finished(self, folder: Path) -> bool:
        """Whether nothing is left to do although it was killed: it was at something that can be made again."""
        return False

    def saved(self, folder: Path) -> Any:
        """How far the work on the disk is, as something that only grows; None before there is any."""
        return None

    def said(self, log: Path, number: str) -> Any:
        """How far the command said that it has saved when it was asked to stop; None where it said nothing."""
        return None

    def codes(self, number: str) -> set[int]:
        """Exit codes of a kill: of the signal itself, or the documented one after everything was saved."""
        return {-9} if number == "SIGKILL" else {-15, 143}

    def problems(self, folder: Path) -> list[str]:
        """What does not read whole after a kill."""
        return []

    def outcome(self, folder: Path) -> dict[str, str]:
        """Everything that must be as in a run that nobody killed, as text or digests."""
        raise NotImplementedError

    def leftovers(self, folder: Path) -> list[str]:
        """Files of killed processes that are still there at the end."""
        return [f"`{path.name}` was left behind" for path in folder.rglob(".*-????????.*") if path.is_file()]


@dataclass(kw_only=True)
class Train(Scenario):
    """`diabolo train` and `diabolo train --resume`, with a state after every step."""

    line: str
    """What is trained."""
    settings: tuple[str, ...]
    """Of the recipe."""
    recipe: str = "fast"
    """Its name."""

    def environment(self, place: Path) -> dict[str, str]:
        return {"DIABOLO_CHECKPOINT_SECONDS": "0"}

    def command(self, folder: Path) -> list[str]:
        if (folder / "run.toml").exists():
            return [*_DIABOLO, "train", "--resume", str(folder)]
        options = [word for setting in self.settings for word in ("--set", setting)]
        return [*_DIABOLO, "train", self.line, "--data", "cifar10-sample", "--recipe", self.recipe, *options, "--seed",
                "3", "--threads", "1", "--out", str(folder)]  # fmt: skip

    def is_busy(self, folder: Path, since_ns: int) -> bool:
        return _is_newer(folder / ".writer.json", since_ns)

    def saved(self, folder: Path) -> Any:
        from diabolo.errors import DiaboloError
        from diabolo.train import read_state

        try:
            progress = read_state(folder / "state.safetensors").progress
        except DiaboloError:
            return None
        return [progress.epoch, progress.step]

    def said(self, log: Path, number: str) -> Any:
        found = re.search(r"Stopped in epoch (\d+) after (\d+) of its steps", log.read_text(errors="replace"))
        return None if found is None else [int(found[1]) - 1, int(found[2])]

    def is_finished(self, folder: Path) -> bool:
        return 'status = "finished"' in ((folder / "run.toml").read_text() if (folder / "run.toml").exists() else "")

    def problems(self, folder: Path) -> list[str]:
        return run_problems(folder)

    def outcome(self, folder: Path) -> dict[str, str]:
        return run_outcome(folder)


@dataclass(kw_only=True)
class Compare(Scenario):
    """`diabolo compare`, two trainings at once."""

    def environment(self, place: Path) -> dict[str, str]:
        return {"DIABOLO_CHECKPOINT_SECONDS": "0"}

    def command(self, folder: Path) -> list[str]:
        return [*_DIABOLO, "compare", _LINE, _OTHER, "--data", "cifar10-sample", "--seeds", "2", "--set", "epochs=2",
                "--set", "batch_size=250", "--parallel", "2", "--no-references", "--no-report", "--out",
                str(folder)]  # fmt: skip

    def codes(self, number: str) -> set[int]:
        return {*super().codes(number), 130}

    def problems(self, folder: Path) -> list[str]:
        found = [problem for run in sorted(folder.rglob("run.toml")) for problem in run_problems(run.parent)]
        with contextlib.suppress(FileNotFoundError):
            json.loads((folder / "comparison.json").read_text())
        return found

    def outcome(self, folder: Path) -> dict[str, str]:
        found = {}
        for run in sorted(folder.rglob("run.toml")):
            name = str(run.parent.relative_to(folder))
            found.update({f"{name}/{key}": value for key, value in run_outcome(run.parent).items()})
        pairs = json.loads((folder / "comparison.json").read_text())["pairs"]
        return {**found, "verdicts": json.dumps(_without_times(pairs)).replace(str(folder), "")}


@dataclass(kw_only=True)
class Export(Scenario):
    """`diabolo export`, to one format."""

    kind: str
    """`onnx`, `keras`…"""
    suffix: str
    """Of the file."""
    most_kills: int = 4

    def prepare(self, place: Path) -> None:
        import diabolo

        diabolo.fit(_LINE, "cifar10-sample", out=place / "model", epochs=1, watch=lambda event: None)

    def environment(self, place: Path) -> dict[str, str]:
        return {"KERAS_BACKEND": "torch"}

    def command(self, folder: Path) -> list[str]:
        folder.mkdir(exist_ok=True)
        return [*_DIABOLO, "export", str(folder.parent / "model"), "--to", self.kind, "-o", str(self._file(folder))]

    def _file(self, folder: Path) -> Path:
        return folder / f"model{self.suffix}"

    def is_busy(self, folder: Path, since_ns: int) -> bool:
        # By its bytes: the temporary file is made before Keras starts, which takes most of the time.
        return any(_is_newer(path, since_ns, 1) for path in folder.iterdir())

    def saved(self, folder: Path) -> Any:
        return [1] if self._file(folder).exists() else None

    def problems(self, folder: Path) -> list[str]:
        file = self._file(folder)
        try:
            if not file.exists() or self.outcome(folder) == self.outcome(folder.parent / "reference"):
                return []
        except (OSError, zipfile.BadZipFile) as error:
            return [f"`{file.name}`: {error}"]
        return [f"`{file.name}` is there and is not what the export makes"]

    def outcome(self, folder: Path) -> dict[str, str]:
        if not zipfile.is_zipfile(self._file(folder)):
            return {"file": _digest(self._file(folder))}
        with zipfile.ZipFile(self._file(folder)) as archive:  # whose bytes carry the time of its making
            members = {name: archive.read(name) for name in archive.namelist() if name != "metadata.json"}
        if "config.json" in members:  # Keras numbers objects by their place in memory
            members["config.json"] = re.sub(rb'"shared_object_id": \d+', b"", members["config.json"])
        return {name: hashlib.sha256(content).hexdigest() for name, content in sorted(members.items())}

    def leftovers(self, folder: Path) -> list[str]:
        return []  # a user's folder is not ours to clean; each leftover has a name that starts with a dot


@dataclass(kw_only=True)
class Worker(Scenario):
    """A script beside this one that does one thing with a cache."""

    script: str
    """Its name."""

    def prepare(self, place: Path) -> None:
        from workers import PREPARE

        self.address = PREPARE[self.script](place)

    def command(self, folder: Path) -> list[str]:
        return [sys.executable, str(HERE / "workers.py"), self.script, self.address, str(folder)]

    def problems(self, folder: Path) -> list[str]:
        return []  # the cache proves its files by digests when they are read, which the next start does

    def outcome(self, folder: Path) -> dict[str, str]:
        return {"digest": folder.with_suffix(".log").read_text().strip().splitlines()[-1]}


def run_problems(folder: Path) -> list[str]:
    """Files of a run folder that do not read whole."""
    from PIL import Image

    from diabolo.errors import DiaboloError
    from diabolo.runs import RunFolder
    from diabolo.train import read_state, read_tensors

    run = RunFolder(path=folder)
    readers = {
        run.record_file: lambda: run.record(),
        run.history_file: lambda: run.history(),
        run.state_file: lambda: read_state(run.state_file),
        run.model_file: lambda: read_tensors(run.model_file),
        run.findings_file: lambda: json.loads(run.findings_file.read_text()),
        run.curves_file: lambda: Image.open(run.curves_file).load(),
        run.reconstructions_file: lambda: Image.open(run.reconstructions_file).load(),
    }
    found = []
    for file, read in readers.items():
        if file.exists():
            try:
                read()
            except (DiaboloError, OSError, ValueError) as error:
                found.append(f"`{file.name}`: {error}")
    if run.exists() and not run.state_file.exists():
        found.append("a run without a state")
    return found


def run_outcome(folder: Path) -> dict[str, str]:
    """All of a finished run but its times: weights, optimiser, averages, progress, history, test results."""
    from dataclasses import asdict

    from diabolo.runs import RunFolder
    from diabolo.train import read_state, read_tensors

    run = RunFolder(path=folder)
    record, state = run.record(), read_state(run.state_file)
    tensors, weights = hashlib.sha256(), hashlib.sha256()  # of what is in the files: safetensors shuffles its metadata
    for digest, content in ((tensors, state.tensors), (weights, read_tensors(run.model_file)[0])):
        for name, value in sorted(content.items()):
            digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode() + value.numpy().tobytes())
    return {
        "status": record.status,
        "weights": weights.hexdigest(),
        "state": tensors.hexdigest(),
        "progress": json.dumps(_without_times(asdict(state.progress))),
        "history": json.dumps([_without_times(asdict(row)) for row in run.history()]),
        "test": json.dumps(record.test),
        "test images": _digest(run.test_psnr_file),
    }


def _is_newer(path: Path, since_ns: int, least_bytes: int = 0) -> bool:
    try:
        found = path.stat()
    except FileNotFoundError:  # renamed just now
        return False
    return path.is_file() and found.st_mtime_ns >= since_ns - _CLOCK_NS and found.st_size >= least_bytes


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_times(item) for name, item in value.items() if name not in _TIMES}
    return [_without_times(item) for item in value] if isinstance(value, list) else value


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Train(name="train", weight=30, line=_LINE, settings=("epochs=4", "batch_size=100", "ema=0.9")),
        Train(name="train-random", weight=24, line=_OTHER, settings=("epochs=3", "batch_size=100", "augment=flip")),
        Train(name="train-keras", weight=16, line=_LINE, settings=("epochs=4", "batch_size=100"), recipe="keras"),
        Compare(name="compare", weight=26),
        Worker(name="data-get", weight=36, script="get"),
        Worker(name="folder-cache", weight=40, script="folder"),
        Export(name="export-onnx", weight=16, kind="onnx", suffix=".onnx"),
        Export(name="export-keras", weight=12, kind="keras", suffix=".keras"),
    )
}
