"""Pairs of histories, and what must be read when they are compared."""

import json

from labels import HELD_OUT_VARIANT, TARGET, read_labels

from diabolo.files import write_text

_COMPARED = ["EX506", "EX507", "EX508", "EX509"]
_SEEDS = "cifar10-method-2-keras-"
PAIRS: dict[str, tuple[tuple[str, str], list[str], list[str]]] = {
    "seeds-0": ((f"{_SEEDS}fused-0-50", f"{_SEEDS}fused-1-50"), ["EX505"], []),
    "seeds-1": ((f"{_SEEDS}plain-0-50", f"{_SEEDS}fused-1-50"), ["EX505"], []),
    "seeds-2": ((f"{_SEEDS}fused-2-50", f"{_SEEDS}fused-1-50"), ["EX505"], []),
    "seeds-short-0": ((f"{_SEEDS}fused-0-50", f"{_SEEDS}fused-1-30"), ["EX505", "EX508"], []),
    "seeds-short-2": ((f"{_SEEDS}fused-2-30", f"{_SEEDS}plain-1-50"), ["EX505", "EX508"], []),
    "losses-0": (("still-falling-0", "still-falling-1"), ["EX503"], _COMPARED),
    "losses-1": (("converged-1", "converged-0"), ["EX503"], _COMPARED),
    "losses-2": (("converged-2", "converged-0"), ["EX503"], _COMPARED),
    "dead-0": (("rate-zero-0", "still-falling-0"), ["EX501"], []),
    "dead-1": (("diverged-0", "still-falling-1"), ["EX501"], ["EX503"]),
    "dead-2": (("rate-tiny-2", "noise-2"), ["EX501"], []),
    "images-0": ((f"{_SEEDS}fused-0-50", "still-falling-0"), ["EX504"], []),
    "images-2": ((f"{_SEEDS}fused-2-50", "still-falling-2"), ["EX504"], []),
    "frozen-0": (("frozen-decoder-0", "schedule-0"), ["EX501/EX509"], ["EX508"]),
    "frozen-1": (("frozen-decoder-1", "late-break-1"), ["EX501/EX509"], ["EX508"]),
    "frozen-2": (("frozen-decoder-2", "schedule-2"), ["EX501/EX509"], ["EX508"]),
    "same-0": (("schedule-0", "schedule-0"), ["EX506"], []),
    "rates-2": (("still-falling-0", "still-falling-2"), ["EX508", "EX509"], []),
}
"""Real pairs: two labels, what must be read, what may be."""


def pair_up() -> None:
    """Writes the labels of the pairs."""
    labels = read_labels()
    pairs = {}
    for name, (members, expected, allowed) in PAIRS.items():
        assert set(members) <= labels.keys(), f"{name}: run `--take` first"
        pairs[f"pair-{name}"] = {
            "members": members,
            "facts": [{"name": f"{member} {letter}"} for member, letter in zip(members, "ab", strict=True)],
            "held_out": name.endswith(str(HELD_OUT_VARIANT)),
            "expected": expected,
            "allowed": allowed,
        }
    write_text(TARGET / "pairs.json", json.dumps(pairs, indent=1) + "\n")
