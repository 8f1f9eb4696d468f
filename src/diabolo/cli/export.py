"""`diabolo export`: a trained model as a file of another system."""

from pathlib import Path
from typing import Annotated

import typer

from diabolo.cli.echo import echo
from diabolo.cli.options import Json, Run, print_json


def export_run(
    run: Run,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="FORMAT",
            help="onnx, keras, keras-source, torch (a torch.export program) or safetensors.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="The file; NAME.onnx and so on where none is given."),
    ] = None,
    part: Annotated[
        str, typer.Option("--part", metavar="PART", help="both, encoder (images to latents) or decoder.")
    ] = "both",
    input_kind: Annotated[
        str,
        typer.Option(
            "--input",
            metavar="KIND",
            help="onnx, torch: float (NCHW in 0..1) or uint8 (NHWC, scaling and clipping inside).",
        ),
    ] = "float",
    tolerance: Annotated[
        float | None,
        typer.Option("--tolerance", metavar="X", help="Largest difference allowed; 1e-5.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a trained model as a file that runs without diabolo.

    The file is run beside the model on fresh images, and refused where the results differ.
    """
    from diabolo.api.export import SUFFIXES, export
    from diabolo.cli.interrupts import leaves_file
    from diabolo.interop.probe import TOLERANCE

    leaves_file(output or Path(Path(run).expanduser().resolve().name + SUFFIXES.get(to, "")))

    done = export(
        run,
        to,
        output,
        part=part,  # type: ignore[arg-type]  # checked there
        input=input_kind,
        tolerance=TOLERANCE if tolerance is None else tolerance,
    )
    difference = done.difference
    if as_json:
        print_json(
            {
                "file": str(done.file),
                "beside": [str(file) for file in done.beside],
                "format": done.format,
                "part": done.part,
                "largest_difference": difference.largest,
                "compared_images": difference.num_images,
                "jumps": difference.num_jumps,
                "notes": list(done.notes),
            }
        )
        return
    for note in done.notes:
        echo(f"note: {note}")
    if difference.num_images:
        echo(f"Largest difference from the model on {difference.num_images} fresh images: {difference.largest:.2g}")
    if difference.num_jumps:
        echo(f"note: of these, {difference.num_jumps} with another of two equally near codes")
    for file in done.beside:
        echo(f"Beside it: {file}")
    echo(f"{done.format}, {done.part}: {done.file}")
