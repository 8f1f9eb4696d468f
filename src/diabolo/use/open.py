"""RUN on the command line: a folder, or the name of a model that comes with weights."""

import difflib
import os
from pathlib import Path

from diabolo.errors import RunError
from diabolo.printable import printable
from diabolo.use.run import Run
from diabolo.zoo import zoo
from diabolo.zoo.shipped import shipped_run


def open_model(run: "str | Path | Run", *, engine: str | None = None, device: str | None = None) -> Run:
    """The trained model that a user means.

    Args:
        run: a run folder, a run, or a zoo name whose weights are shipped.
        engine: as of `diabolo.load`.
        device: as of `diabolo.load`; a run that is loaded already keeps its own.

    Raises:
        RunError: there is no such run, or the zoo's model has no weights.
        DiaboloError: no engine has that name, or the device is not there.
    """
    if isinstance(run, Run):
        return run
    name = os.fspath(run)
    if name in zoo() and not Path(name).exists():
        shipped = shipped_run(name)
        if shipped is not None:
            return Run(shipped, engine=engine, device=device)
        raise RunError(
            f"`{printable(name)}` is a model of the zoo without weights; train it with "
            f"`diabolo train {name} --out runs/{name}`, then give that folder"
        )
    if not Path(name).exists() and Path(name).name == name:
        near = difflib.get_close_matches(name, zoo(), n=1)
        if near:
            raise RunError(f"there is no run `{printable(name)}`; did you mean `{near[0]}`, a model of the zoo?")
    return Run(run, engine=engine, device=device)
