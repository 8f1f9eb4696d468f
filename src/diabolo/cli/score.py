"""`diabolo score`: how strange images are to a model that was trained on normal ones."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from diabolo.cli.echo import echo
from diabolo.cli.options import Device, Engine, Json, Run, print_json
from diabolo.cli.own_images import Fit, Memory, Workers
from diabolo.errors import DiaboloError

if TYPE_CHECKING:
    from diabolo.anomaly import Auroc
    from diabolo.use.calibrate import Calibrated
    from diabolo.use.calibration import Calibration
    from diabolo.use.detection import Detection
    from diabolo.use.score_files import ScoredFile, ScoredFiles


def score_files(
    run: Run,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE", help="Images, or folders of images.", show_default=False)
    ] = None,
    calibrate: Annotated[
        Path | None,
        typer.Option(
            "--calibrate",
            metavar="FOLDER",
            help="First choose a threshold on these normal images, and keep it beside the run.",
            show_default=False,
        ),
    ] = None,
    false_alarm: Annotated[
        float | None,
        typer.Option(
            "--false-alarm",
            metavar="RATE",
            help="Share of normal images that may be alarms, 0.01 if not said.",
            show_default=False,
        ),
    ] = None,
    score: Annotated[
        str | None,
        typer.Option(
            "--score",
            metavar="NAME",
            help="peak, mse, ssim-peak, ssim, latent, or all; by default the calibrated one.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="Write heat maps there.", show_default=False),
    ] = None,
    raw: Annotated[bool, typer.Option("--raw", help="With -o: also the per-pixel scores, as .npy.")] = False,
    table: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write a row an image there.", show_default=False)
    ] = None,
    fit: Fit = None,
    memory: Memory = None,
    workers: Workers = None,
    device: Device = "auto",
    engine: Engine = None,
    as_json: Json = False,
) -> None:
    """Score images by how strange they are to a trained model.

    Train on normal images, calibrate on others that it has not seen, then score. A folder with good/, defect/ and
    mask/, or laid out as the MVTec data sets, gives AUROC and AUPRO as well.
    """
    _check_options(files, calibrate, false_alarm, score, output, raw=raw, table=table)
    from diabolo.api.score import calibrate as calibrate_run
    from diabolo.cli import own_images
    from diabolo.cli.data import progress_display
    from diabolo.use.score_files import score_files as score_all
    from diabolo.use.score_files import write_table
    from diabolo.use.score_stream import Reading

    _say_what_is_left(run, calibrate, output, table)
    loaded = own_images.open_run(run, engine, device)
    calibrated: Calibrated | None = None
    scored: ScoredFiles | None = None
    lines = own_images.Lines(is_silent=as_json)
    with progress_display() as report:
        reading = Reading(fit=fit, memory=memory, workers=workers, report=report)
        if calibrate is not None:
            calibrated = calibrate_run(
                loaded,
                calibrate,
                false_alarm=0.01 if false_alarm is None else false_alarm,
                score="auto" if score in (None, "all") else str(score),
                fit=fit,
                memory=memory,
                workers=workers,
                report=report,
            )
            if not as_json:
                _print_calibrated(calibrated)
        if files:
            scored = score_all(
                loaded, files, score=score, output=output, raw=raw, reading=reading,
                each=lambda one: lines.say(_line(one)),
            )  # fmt: skip
    if scored is not None and table is not None:
        write_table(table, scored)
    skipped = (*(calibrated.skipped if calibrated else ()), *(scored.skipped if scored else ()))
    notes = (*(calibrated.notes if calibrated else ()), *(scored.notes if scored else ()))
    if as_json:
        print_json({**_json(calibrated, scored), "skipped": own_images.skipped_json(skipped), "notes": list(notes)})
        return
    lines.close()
    if scored is not None:
        _print_scored(scored)
    for note in notes:
        own_images.say_note(note)
    own_images.print_skipped(skipped)


def _say_what_is_left(run: str, calibrate: Path | None, output: Path | None, table: Path | None) -> None:
    """For the case that the command is interrupted."""
    from diabolo.cli import interrupts

    if calibrate is not None:
        interrupts.leaves_file(Path(run).expanduser() / "anomaly.json")
    if output is not None:
        interrupts.leaves_images(output, "scoring")
    if table is not None:
        interrupts.leaves_file(table)
    if calibrate is None and output is None and table is None:
        interrupts.leaves_nothing()


def _check_options(
    files: list[Path] | None,
    calibrate: Path | None,
    false_alarm: float | None,
    score: str | None,
    output: Path | None,
    *,
    raw: bool,
    table: Path | None,
) -> None:
    if not files and calibrate is None:
        raise DiaboloError("`diabolo score`: name images to score, or normal ones with `--calibrate`, or both")
    if false_alarm is not None and calibrate is None:
        raise DiaboloError("`--false-alarm` goes with `--calibrate FOLDER`, the normal images that a threshold needs")
    if not files and (output is not None or table is not None):
        raise DiaboloError("`-o` and `--csv` are about images that are scored; name some")
    if raw and output is None:
        raise DiaboloError("`--raw` writes per-pixel scores into the folder of heat maps; say which with `-o`")
    if not files and score == "all":
        raise DiaboloError("`--score all` is about images that are scored; a threshold needs one score, or `auto`")


def _line(one: "ScoredFile") -> str:
    from diabolo.printable import printable

    scores = "  ".join(f"{value:.6g}" for value in one.scores.values())
    return f"{printable(one.path)}  {scores}{'  ALARM' if one.is_alarm else ''}"


def _print_calibrated(done: "Calibrated") -> None:
    from diabolo.printable import printable

    calibration, threshold = done.calibration, done.calibration.threshold
    if calibration.choice:
        told = ", ".join(f"{name} {value:.3f}" for name, value in calibration.choice.items())
        echo(f"score: {calibration.score}, which tells made-up defects best (AUROC: {told})")
    low, high = threshold.interval
    echo(
        f"threshold: {threshold.value:.6g}, from {threshold.num_images:,} normal images. {threshold.expected:.2%} of "
        f"normal images are expected above it, and the real rate lies between {low:.2%} and {high:.2%} "
        f"({threshold.confidence:.0%})"
    )
    echo(f"kept in {printable(done.file)}")


def _print_scored(scored: "ScoredFiles") -> None:
    from diabolo.cli.own_images import count_images

    said = f"{count_images(len(scored.images))} scored by {', '.join(scored.names)}"
    if scored.calibration is None:
        echo(f"{said}; no threshold (`--calibrate FOLDER` makes one)")
    else:
        alarms = sum(bool(one.is_alarm) for one in scored.images)
        echo(f"{said}; {alarms:,} above the threshold {scored.calibration.threshold.value:.6g}")
    for name, found in (scored.detection or {}).items():
        _print_detection(name, found)
    if scored.detection is not None and scored.calibration is not None:
        _print_alarms(scored, scored.calibration)


def _print_detection(name: str, found: "Detection") -> None:
    echo(
        f"{name}: AUROC {_interval(found.auroc)}, "
        f"{found.auroc.num_normal:,} good and {found.auroc.num_defect:,} defect images"
    )
    for kind, one in found.kinds.items():
        echo(f"  {kind}: AUROC {_interval(one)}, {one.num_defect:,} images")
    if found.pixels is not None:
        low, high = found.pixels.interval
        echo(
            f"  where: AUPRO {found.pixels.aupro:.3f} ({low:.3f} to {high:.3f}), {found.pixels.num_regions:,} regions; "
            f"AUROC of pixels {found.pixels.pixel_auroc:.3f}"
        )


def _print_alarms(scored: "ScoredFiles", calibration: "Calibration") -> None:
    good = [one.is_alarm for one in scored.images if one.kind == "good"]
    bad = [one.is_alarm for one in scored.images if one.kind != "good"]
    fewest, most = calibration.threshold.alarms_among(len(good))
    echo(
        f"alarms: {sum(map(bool, good)):,} of {len(good):,} good images ({fewest:,} to {most:,} expected), "
        f"{sum(map(bool, bad)):,} of {len(bad):,} with defects"
    )


def _interval(found: "Auroc") -> str:
    return f"{found.value:.3f} ({found.interval[0]:.3f} to {found.interval[1]:.3f})"


def _json(calibrated: "Calibrated | None", scored: "ScoredFiles | None") -> dict[str, Any]:
    from dataclasses import asdict

    values: dict[str, Any] = {}
    if calibrated is not None:
        calibration = calibrated.calibration
        values["calibration"] = {
            "file": str(calibrated.file),
            "score": calibration.score,
            "threshold": asdict(calibration.threshold),
            "choice": dict(calibration.choice),
        }
    if scored is not None:
        threshold = None if scored.calibration is None else scored.calibration.threshold.value
        values |= {
            "scores": list(scored.names),
            "threshold": threshold,
            "images": [
                {
                    "path": str(one.path),
                    **one.scores,
                    "alarm": one.is_alarm,
                    "kind": one.kind,
                    "heat_map": None if one.heat_map is None else str(one.heat_map),
                }
                for one in scored.images
            ],
            "detection": None
            if scored.detection is None
            else {name: asdict(found) for name, found in scored.detection.items()},
        }
    return values
