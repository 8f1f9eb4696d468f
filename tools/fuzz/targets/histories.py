"""Histories: `history.csv` of a run, and those of other programs as JSON and CSV."""

import json
from pathlib import Path

from target import Target, refused

_HEADER = (
    "epoch,loss,train_loss,val_loss,train_excess,val_excess,val_mse,val_psnr,val_ssim,seconds,images_per_second,"
    "learning_rate\n"
)


def run(data: bytes, scratch: Path) -> str:
    """Reads one file as ours and as another program's, and explains what was read."""
    from diabolo.errors import DiaboloError
    from diabolo.explain import explain_history, read_foreign
    from diabolo.runs import read_history

    path = scratch / ("history.json" if data[:1] in (b"{", b"[") else "history.csv")
    path.write_bytes(data)
    outcomes = []
    try:
        outcomes.append(f"{min(len(read_history(path)), 1)} own")
    except DiaboloError as error:
        refused(error)
    try:
        readings = explain_history(read_foreign(path))
        assert all(str(reading.to_dict()) for reading in readings)
        outcomes.append("read")
    except DiaboloError as error:
        outcomes.append(refused(error))
    finally:
        path.unlink()
    return " and ".join(outcomes)


def _seeds() -> list[bytes]:
    rows = [
        (e, 1 / e, 1.1 / e, 1.2 / e, 0.1 / e, 0.2 / e, 0.01 / e, 20 + e, 0.9, 3.5, 800.0, 1e-3) for e in range(1, 12)
    ]
    own = _HEADER + "".join(",".join(map(repr, row)) + "\n" for row in rows)
    curves = {"loss": [0.7, 0.6, 0.58, 0.57], "val_loss": [0.68, 0.67, 0.6, float("nan")], "accuracy": [0, 0.1, 0.1, 0]}
    tensorboard = "Wall time,Step,Value\n1700000000.1,0,0.7\n1700000001.2,1,0.6\n1700000002.3,2,0.55\n"
    return [
        own.encode(),
        json.dumps(curves).encode(),
        json.dumps({"history": curves}).encode(),
        json.dumps([{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.4}, {"epoch": 3, "loss": None}]).encode(),
        json.dumps({"loss": {"0": 0.7, "1": 0.6}, "lr": {"0": 1e-3, "1": 1e-3}}).encode(),
        tensorboard.encode(),
        "epoch;loss;val_loss\n0;0,7;0,8\n1;0,6;0,7\n".encode("utf-16"),
    ]


TARGET = Target(
    name="histories",
    about="histories of runs and of other programs",
    seeds=_seeds,
    run=run,
    modules=("diabolo.runs.history", "diabolo.explain"),
    words=(
        b"NaN",
        b"-Infinity",
        b"1e999",
        b"null",
        b'"loss":',
        b"val_loss",
        b"epoch",
        b"[[[[",
        b"{}",
        b",",
        b";",
        b"\t",
        b'"',
        b"\n",
        b"\r\n",
        b"\0",
        b"\xef\xbb\xbf",
        b"tensor(0.5)",
        b"99999999999999999999999",
        b"1_0",
    ),
)
