"""Several processes at the cache of a folder: one builds at a time, another goes on where it was killed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from folder_builders import assert_same, home, in_memory, save_image

from diabolo.data import load_data
from diabolo.data.cache import hold_lock
from diabolo.data.folder_cache import list_cached_folders

pytestmark = pytest.mark.usefixtures("cached_from_the_first_image")


_BUILD = """
import sys, time
from pathlib import Path
from diabolo.data import decoding, facts, folder, folder_builder, load_data
folder.MANY_FILES = folder.MANY_BYTES = 1
facts._SETTLED = 0.0
decoding._FILES_AT_ONCE = 2
folder_builder._SECONDS_BETWEEN_RECORDS = 0.0
read, count = decoding.read_image, 0
def slow(path, channels):
    global count
    count += 1
    time.sleep({pause})
    return read(path, channels)
decoding.read_image = slow
print("started", flush=True)
dataset = load_data(Path(sys.argv[1]))
print(count, dataset.digest)
"""


def _start(pictures: Path, pause: float) -> subprocess.Popen[str]:
    program = [sys.executable, "-c", _BUILD.format(pause=pause), str(pictures)]
    started = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    assert started.stdout.readline() == "started\n"
    return started


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_builder_is_gone_on_with(pictures: Path, how: signal.Signals, decoded: list[str]) -> None:
    builder = _start(pictures, 0.3)  # long: on a busy machine this test looks late
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = list_cached_folders(Path(os.environ["DIABOLO_CACHE"]))
        if found and found[0].num_images >= 6:
            break
        time.sleep(0.01)
    os.kill(builder.pid, how)
    builder.communicate()
    assert 6 <= list_cached_folders(Path(os.environ["DIABOLO_CACHE"]))[0].num_images < 40
    found_before = list_cached_folders(Path(os.environ["DIABOLO_CACHE"]))[0].num_images
    dataset = load_data(pictures)
    assert len(decoded) == 40 - found_before
    assert_same(dataset, in_memory(pictures))
    assert {path.suffix for path in home().iterdir()} == {".bin", ".npz", ".json"}
    assert len(list(home().iterdir())) == 3, "nothing of the killed one is left"


def test_two_builders_at_once_read_each_image_once(pictures: Path) -> None:
    builders = [_start(pictures, 0.01) for _ in range(2)]
    answers = [builder.communicate()[0].split() for builder in builders]
    assert sum(int(count) for count, _ in answers) == 40
    assert {digest for _, digest in answers} == {in_memory(pictures).digest}


def test_a_builder_that_waited_for_a_removal(pictures: Path) -> None:
    load_data(pictures)
    lock = home().with_name(f"{home().name}.lock")
    for path in (pictures / "000.png", pictures / "001.png"):
        path.unlink()
    save_image(pictures / "new.png")
    with hold_lock(lock):
        builder = _start(pictures, 0.0)
        time.sleep(0.5)
        shutil.rmtree(home())
    assert builder.communicate(timeout=60)[0].split() == ["39", in_memory(pictures).digest]


def test_a_reader_is_not_disturbed_by_a_builder(pictures: Path) -> None:
    reader = load_data(pictures)
    before = reader.train[:]
    for seed in range(1, 5):  # new rows, then a new file without the old ones
        for number in range(40):
            save_image(pictures / f"{number:03}.png", seed=seed)
        load_data(pictures)
    assert np.array_equal(reader.train[:], before)
