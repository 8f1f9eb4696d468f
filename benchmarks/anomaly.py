"""How well anomaly scores find what is not normal, and whether a threshold's false-alarm rate is as stated.

`python benchmarks/anomaly.py` trains small models (at most 3 minutes of one core each), keeps them below `--work`, and
goes on where it was stopped. Results: `results/anomaly.json`; the picture of `docs/anomaly.md`.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from diabolo.anomaly import false_alarm_threshold
from diabolo.api.fit import fit
from diabolo.api.score import calibrate, score
from diabolo.data import load_data
from diabolo.runs import RunFolder
from diabolo.use import Run, load
from header import RESULTS, ROOT, say, write_results

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
NARROW = (
    "conv32[stride=2] relu conv64[stride=2] relu flatten dense{} | dense4096 unflatten deconv32 relu deconv3 sigmoid"
)
MODELS = {
    "64 values": NARROW.format(64),
    "256 values": "conv32[stride=2] relu conv64[stride=2] relu conv4 | conv64 relu deconv32 relu deconv3 sigmoid",
    "1,024 values": "conv32[stride=2] relu conv64[stride=2] relu conv16 | conv64 relu deconv32 relu deconv3 sigmoid",
    "3,072 values": "unshuffle4 conv48 | conv48 shuffle4",
}
FABRIC = (
    "conv16[stride=2] relu conv32[stride=2] relu conv32[stride=2] relu conv4 | "
    "conv32 relu deconv32 relu deconv16 relu deconv3 sigmoid"
)
NUM_REPEATS = 2000
NUM_CALIBRATION = 500
FALSE_ALARM = 0.02


def defects(images: NDArray[np.uint8], seed: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Images with a scratch (even numbers) or a spot (odd ones) of another brightness, and where it is."""
    random = np.random.default_rng(seed)
    side = images.shape[1]
    rows, columns = np.mgrid[:side, :side]
    masks = np.zeros(images.shape[:3], bool)
    made = images.astype(np.float64)
    for number in range(len(images)):
        centre, turn = random.uniform(0.2, 0.8, 2) * side, random.uniform(0, np.pi)
        if number % 2:
            radii = random.uniform(0.05, 0.11, 2) * side
            y, x = rows - centre[0], columns - centre[1]
            along, across = y * np.sin(turn) + x * np.cos(turn), y * np.cos(turn) - x * np.sin(turn)
            masks[number] = (along / radii[0]) ** 2 + (across / radii[1]) ** 2 <= 1
        else:
            half = random.uniform(0.12, 0.3) * side
            for step in np.linspace(-half, half, 4 * side):
                y, x = np.rint(centre + step * np.array([np.sin(turn), np.cos(turn)])).astype(int)
                if 0 <= y < side and 0 <= x < side:
                    masks[number, y, x] = True
        made[number][masks[number]] += random.choice([-1, 1]) * random.uniform(50, 110)
    return np.rint(np.clip(made, 0, 255)).astype(np.uint8), masks


def fabric(count: int, seed: int) -> NDArray[np.uint8]:
    """Pictures of a woven cloth, 64×64: threads of slightly other width, angle, phase, colour and light in each."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:64, :64] / 64
    made = np.empty((count, 64, 64, 3))
    for number in range(count):
        angle, threads = random.normal(0, 0.05), random.uniform(9, 11, 2)
        y, x = rows * np.cos(angle) + columns * np.sin(angle), columns * np.cos(angle) - rows * np.sin(angle)
        down = np.sin(2 * np.pi * (threads[0] * x + random.random()))
        across = np.sin(2 * np.pi * (threads[1] * y + random.random()))
        light = random.uniform(-20, 20) * rows + random.uniform(-20, 20) * columns
        weave = 25 * np.maximum(down, across) + light
        made[number] = np.array([120, 105, 85]) + random.normal(0, 8, 3) + weave[..., None]
    return np.rint(np.clip(made + random.normal(0, 3, made.shape), 0, 255)).astype(np.uint8)


def save(folder: Path, images: NDArray[Any]) -> Path:
    """Images as PNG files, once."""
    if not folder.exists():
        unfinished = folder.with_name(f".{folder.name}-unfinished")
        unfinished.mkdir(parents=True, exist_ok=True)
        for number, pixels in enumerate(images):
            Image.fromarray(pixels.astype(np.uint8) * (255 if pixels.dtype == bool else 1)).save(
                unfinished / f"{number:05}.png"
            )
        unfinished.rename(folder)
    return folder


def trained(folder: Path, line: str, images: NDArray[np.uint8], *, epochs: int) -> tuple[Run, dict[str, Any]]:
    """A run on these images, and what its training took; trained once."""
    note = folder.with_suffix(".json")
    if not note.exists():
        if RunFolder(path=folder).exists():
            for file in sorted(folder.iterdir()):
                file.unlink()
        started = time.process_time()
        run = fit(
            line, images, epochs=epochs, batch_size=50, loss="mse", engine="auto", out=folder, watch=lambda _: None
        )
        cpu = time.process_time() - started
        values = {
            "line": run.line,
            "num_train": len(images),
            "epochs": epochs,
            "cpu_seconds": cpu,
            "test": run.record.test,
        }
        note.write_text(json.dumps(values))
    return load(folder, engine="auto"), json.loads(note.read_text())


def coverage(normal: NDArray[np.float64], *, seed: int) -> dict[str, Any]:
    """Thresholds from images drawn anew, each tried on all other normal images.

    `within_range`: the share of alarms is in the range stated for the real rate, widened to these few images by the
    beta-binomial law. `within_interval`: in the interval for the real rate itself, which a share among finitely many
    images meets a little less often.
    """
    random = np.random.default_rng(seed)
    within, inside, rates = [], [], []
    for _ in range(NUM_REPEATS):
        order = random.permutation(normal)
        threshold = false_alarm_threshold(order[:NUM_CALIBRATION], FALSE_ALARM)
        rest = order[NUM_CALIBRATION:]
        alarms = int((rest > threshold.value).sum())
        fewest, most = threshold.alarms_among(len(rest))
        within.append(fewest <= alarms <= most)
        inside.append(threshold.interval[0] <= alarms / len(rest) <= threshold.interval[1])
        rates.append(alarms / len(rest))
    hundreds = np.asarray(within).reshape(-1, 100).sum(axis=1)
    return {
        "repetitions": NUM_REPEATS,
        "num_calibration": NUM_CALIBRATION,
        "num_others": len(normal) - NUM_CALIBRATION,
        "asked": FALSE_ALARM,
        "expected": threshold.expected,
        "stated_interval": threshold.interval,
        "stated_alarms_among_others": [fewest, most],
        "within_range": float(np.mean(within)),
        "within_interval": float(np.mean(inside)),
        "within_range_by_hundred": hundreds.tolist(),
        "mean_rate": float(np.mean(rates)),
    }


def measure(run: Run, folder: Path, calibration: Path) -> dict[str, Any]:
    """Calibrates on a folder, scores the labelled one by every score, and repeats thresholds on all good scores."""
    made = calibrate(run, calibration, false_alarm=FALSE_ALARM, score="auto")
    chosen = made.calibration.score
    results: dict[str, Any] = {"chosen": chosen, "choice": dict(made.calibration.choice)}
    found = score(run, folder, score="all")
    calibrate(run, calibration, false_alarm=FALSE_ALARM, score="latent")
    by_latent = score(run, folder, score="latent")
    assert found.detection is not None
    assert by_latent.detection is not None
    results["detection"] = {
        name: asdict(one) for name, one in sorted({**by_latent.detection, **found.detection}.items())
    }
    good = np.array([one.scores[chosen] for one in found.images if one.kind == "good"])
    results["coverage"] = coverage(good, seed=0)
    return results


def class_task(work: Path, name: str) -> dict[str, Any]:
    """One class is normal: 3,000 of its images train; the others, and 300 of each other class, are told apart."""
    dataset = load_data("cifar10")
    assert dataset.train_labels is not None
    assert dataset.test_labels is not None
    number, folder = CLASSES.index(name), work / f"class-{name}"
    own = dataset.train[dataset.train_labels == number]
    run, training = trained(folder / "run", NARROW.format(64), own[:3000], epochs=30)
    calibration = save(folder / "calibration", own[3000:3700])
    good = np.concatenate([own[3700:], dataset.test[dataset.test_labels == number]])
    save(folder / "test" / "good", good)
    for other, label in enumerate(CLASSES):
        if other != number:
            save(folder / "test" / label, dataset.test[dataset.test_labels == other][:300])
    return {"training": training, **measure(run, folder, calibration)}


def defect_task(work: Path, name: str) -> dict[str, Any]:
    """Images of all classes are normal, and scratches and spots on them are not."""
    dataset = load_data("cifar10")
    epochs = 60 if name == "3,072 values" else 10  # a linear map, which takes a tenth of the time
    run, training = trained(
        work / f"defects-{name.split()[0]}" / "run", MODELS[name], dataset.train[:12000], epochs=epochs
    )
    folder = work / "defects"
    calibration = save(folder / "calibration", dataset.test[:1500])
    save(folder / "good", dataset.test[1500:5500])
    broken, masks = defects(dataset.test[5500:7500], seed=1)
    save(folder / "defect", broken)
    save(folder / "mask", masks)
    return {"training": training, **measure(run, folder, calibration)}


def fabric_task(work: Path) -> dict[str, Any]:
    """Pictures of one cloth are normal, and scratches and spots on them are not."""
    folder = work / "fabric"
    run, training = trained(folder / "run", FABRIC, fabric(3000, seed=1), epochs=50)
    calibration = save(folder / "calibration", fabric(1500, seed=2))
    save(folder / "good", fabric(2500, seed=3))
    broken, masks = defects(fabric(1000, seed=4), seed=5)
    save(folder / "defect", broken)
    save(folder / "mask", masks)
    return {"training": training, **measure(run, folder, calibration)}


def failures(work: Path, target: Path) -> dict[str, Any]:
    """Where the scores fail: a picture, and numbers. Needs the models of the other tasks."""
    from anomaly_picture import draw_failures

    return draw_failures(work, target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--work", type=Path, default=Path("/tmp/diabolo-anomaly"), help="where images and runs are kept"
    )
    parser.add_argument("--classes", nargs="*", default=["automobile", "frog", "ship"], choices=CLASSES)
    parser.add_argument("--threads", type=int, default=1, help="of torch")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    file = RESULTS / "anomaly.json"
    arms: dict[str, Any] = json.loads(file.read_text())["arms"] if file.exists() else {}
    tasks: dict[str, Callable[[], dict[str, Any]]] = (
        {"fabric": lambda: fabric_task(options.work)}
        | {f"defects, {name}": lambda name=name: defect_task(options.work, name) for name in MODELS}
        | {f"class {name}": lambda name=name: class_task(options.work, name) for name in options.classes}
    )
    for title, task in tasks.items():
        if title not in arms:
            arms[title] = task()
            write(arms)
        show(title, arms[title])
    arms["failures"] = failures(options.work, ROOT / "docs" / "images" / "anomaly.png")
    say(json.dumps(arms["failures"], indent=2))
    say(f"Raw results: {write(arms)}")


def write(arms: dict[str, Any]) -> Path:
    return write_results(
        "anomaly",
        unit="shares, AUROC, AUPRO; seconds of CPU time",
        method="`class …`: a model of 3,000 train images of one CIFAR-10 class; 700 others calibrate; the other 1,300 "
        "and the 1,000 test images of the class are good, 300 test images of each other class are not. `defects, …`: a "
        "model of 12,000 train images of all classes; 1,500 test images calibrate, 4,000 are good, 2,000 have a "
        "scratch or a spot. `fabric`: made pictures of a cloth, 64×64: 3,000 train, 1,500 calibrate, 2,500 are good, "
        "1,000 have a scratch or a spot. `chosen` is the score that calibration chose by made-up defects in normal "
        f"images. `coverage`: {NUM_REPEATS:,} times {NUM_CALIBRATION} of the good images give a threshold, and the "
        "others try it.",
        arms=arms,
    )


def show(title: str, arm: dict[str, Any]) -> None:
    training, covered = arm["training"], arm["coverage"]
    say(
        f"{title}: {training['cpu_seconds']:.0f} s of CPU time, test PSNR {training['test']['psnr']:.2f} dB; "
        f"{arm['chosen']} is chosen"
    )
    for name, found in arm["detection"].items():
        pixels = found["pixels"]
        where = "" if pixels is None else f"; AUPRO {_interval(pixels['aupro'], pixels)}"
        say(f"  {name:<9} AUROC {_interval(found['auroc']['value'], found['auroc'])}{where}")
    say(
        f"  false alarms: asked {covered['asked']:.1%}, mean {covered['mean_rate']:.2%}; as stated in "
        f"{covered['within_range']:.1%} of {covered['repetitions']:,} repetitions, "
        f"{covered['within_range_by_hundred'][0]} of the first 100"
    )


def _interval(value: float, found: dict[str, Any]) -> str:
    return f"{value:.3f} ({found['interval'][0]:.3f} to {found['interval'][1]:.3f})"


if __name__ == "__main__":
    main()
