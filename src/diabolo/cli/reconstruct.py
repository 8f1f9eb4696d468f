"""`diabolo reconstruct`: a user's own images through a trained run."""

from pathlib import Path
from typing import Annotated

import typer

from diabolo.cli.options import Engine, Fit, Json, Run, print_json


def reconstruct_files(
    run: Run,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="Images, or folders of images.", show_default=False)
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder for the results.")] = Path(
        "reconstructed"
    ),
    fit: Fit = None,
    engine: Engine = None,
    as_json: Json = False,
) -> None:
    """Put your own images through a trained model.

    Each image becomes a PNG of the model's size; images of another size need --fit.
    """
    import torch

    from diabolo.api.engine import pick_engine
    from diabolo.use import load
    from diabolo.use.files import reconstruct_files as reconstruct_into

    picked, notes = pick_engine(engine, torch.device("cpu"), trains=False)
    for note in notes:
        typer.echo(f"note: {note}", err=True)
    done, skipped = reconstruct_into(load(run, engine=picked), files, output, fit=fit)
    if as_json:
        print_json(
            {
                "images": [{"source": str(one.source), "target": str(one.target), "psnr": one.psnr} for one in done],
                "skipped": [{"path": str(one.path), "reason": one.reason} for one in skipped],
            }
        )
        return
    for one in done:
        typer.echo(f"{one.source} -> {one.target}  {one.psnr:.2f} dB")
    mean = sum(one.psnr for one in done) / len(done)
    typer.echo(f"{len(done):,} images reconstructed into {output}, mean PSNR {mean:.2f} dB")
    if skipped:
        typer.echo(f"{len(skipped):,} files left out:", err=True)
        for left_out in skipped:
            typer.echo(f"  {left_out.path}: {left_out.reason}", err=True)
