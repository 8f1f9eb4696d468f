"""`diabolo neighbours`: which images are most like a query."""

from pathlib import Path
from typing import Annotated

import typer

from diabolo.cli.echo import echo
from diabolo.cli.options import Device, Engine, Json, Run, print_json
from diabolo.cli.own_images import Fit, Memory, Workers


def find_neighbours(
    run: Run,
    query: Annotated[Path, typer.Argument(metavar="QUERY", help="An image, or a folder of them.", show_default=False)],
    among: Annotated[
        list[Path],
        typer.Argument(
            metavar="FOLDER", help="Images, folders, or a file of latents by `diabolo encode`.", show_default=False
        ),
    ],
    k: Annotated[int, typer.Option("-k", metavar="N", help="How many neighbours.", min=1)] = 8,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="PNG", help="Also draw them.", show_default=False)
    ] = None,
    metric: Annotated[str, typer.Option("--metric", metavar="NAME", help="cosine or euclidean.")] = "cosine",
    pool: Annotated[
        str | None,
        typer.Option(
            "--pool", metavar="HOW", help="One vector an image: mean (by default), max or flat.", show_default=False
        ),
    ] = None,
    fit: Fit = None,
    memory: Memory = None,
    workers: Workers = None,
    device: Device = "auto",
    engine: Engine = None,
    as_json: Json = False,
) -> None:
    """Find the images that an encoder takes for most like a query."""
    from diabolo.api.neighbours import neighbours
    from diabolo.cli import interrupts, own_images
    from diabolo.cli.data import progress_display
    from diabolo.printable import printable

    if output is None:
        interrupts.leaves_nothing()
    else:
        interrupts.leaves_file(output)
    loaded = own_images.open_run(run, engine, device)
    with progress_display() as report:
        found = neighbours(
            loaded, query, among, k=k, pool=pool, metric=metric, output=output, fit=fit, memory=memory,
            workers=workers, report=report,
        )  # fmt: skip
    if as_json:
        print_json(
            {
                "metric": metric,
                "searched": found.num_searched,
                "queries": [
                    {
                        "query": str(one.query),
                        "nearest": [{"path": str(near.path), "distance": near.distance} for near in one.nearest],
                    }
                    for one in found.queries
                ],
                "picture": None if output is None else str(output),
                "skipped": own_images.skipped_json(found.skipped),
            }
        )
        return
    for one in found.queries:
        echo(printable(one.query))
        for near in one.nearest:
            echo(f"  {near.distance:.4f}  {printable(near.path)}")
    echo(f"{own_images.count_images(found.num_searched)} searched")
    if output is not None:
        echo(printable(output))
    own_images.print_skipped(found.skipped)
