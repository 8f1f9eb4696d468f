"""Which engine a training or a run uses, and what its user must be told: what is not there, and what has no effect."""

import os
from functools import cache
from pathlib import Path

import torch

from diabolo.kernels import find_library
from diabolo.model.engine import ENGINES, VARIABLE, choose_engine

_BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16", "avx_ne_convert", "bf16", "svebf16"}  # x86 and ARM, as Linux names them


def pick_engine(
    engine: str | None, device: torch.device, precision: str = "float32", *, trains: bool = True
) -> tuple[str, tuple[str, ...]]:
    """`plain` or `fused`, by what was asked for, else by the environment, else the default; and notes for the user.

    Args:
        engine: `plain`, `fused`, `auto`, or None where the user asked for none.
        device: where the model runs; the engine knows the CPU only.
        precision: the recipe's; in bfloat16 training steps leave all to torch.
        trains: whether training steps are to be made.

    Raises:
        DiaboloError: no engine has that name.
    """
    asked = engine if engine is not None else os.environ.get(VARIABLE, "").strip() or None
    where = "engine" if engine is not None else VARIABLE
    if asked is not None and asked not in ENGINES:
        choose_engine(engine)  # says which there are
    if device.type != "cpu":
        return "plain", _no_effect(where, asked, f"on {device.type}, where torch does all the work")
    if asked != "plain" and find_library() is None:
        is_named = asked == "fused"
        return "plain", (_missing(where if is_named else None),) if trains or is_named else ()
    chosen = choose_engine(engine)
    if chosen == "fused" and trains and precision == "bfloat16":
        reason = "on the training steps of `precision=bfloat16`, which run on torch; evaluation uses it"
        return chosen, _no_effect(where, asked, reason)
    return chosen, ()


def precision_notes(precision: str, device: torch.device) -> tuple[str, ...]:
    """What a user must know of this precision on this device."""
    if precision == "tf32" and device.type != "cuda":
        return (f"`precision` (=tf32) has no effect on {device.type}: only CUDA has it; training is in float32",)
    if precision == "bfloat16" and device.type == "cpu" and has_bfloat16() is False:
        return (
            "`precision` (=bfloat16): this processor has no bfloat16 instructions, so that training is several times "
            "slower here than in float32; leave it out",
        )
    return ()


def describe_engine(engine: str, device: torch.device, precision: str) -> str:
    """One line for the log of a training: what computes, where and how."""
    if device.type == "cpu":
        threads = torch.get_num_threads()
        name = "native stages" if engine == "fused" else "torch"
        return f"engine: {engine} ({name}), {threads} {'thread' if threads == 1 else 'threads'}, {precision}"
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    return f"engine: {engine} (torch), {name}, {precision}"


@cache
def has_bfloat16() -> bool | None:
    """Whether the processor multiplies bfloat16 by itself; None where the system does not say."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    lines = [line for line in text.splitlines() if line.lower().startswith(("flags", "features"))]
    return bool(_BFLOAT16_FLAGS & set(lines[0].split())) if lines else None


def _missing(where: str | None) -> str:
    """That the native stages were not built, and how to have them; `where` they were asked for by name."""
    said = "" if where is None else f"`{where}` (=fused): "
    return (
        f"{said}the native stage engine is not there (no C++ compiler at install, or built from other sources), so "
        "the model runs on plain torch; install a C++ compiler, then `python -m diabolo.kernels`"
    )


def _no_effect(where: str, asked: str | None, reason: str) -> tuple[str, ...]:
    """A note where `fused` was asked for by name; `auto` takes what there is."""
    return (f"`{where}` (=fused) has no effect {reason}",) if asked == "fused" else ()
