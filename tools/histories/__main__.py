"""Makes the real labelled histories of `tests/explain/histories`: small trainings, most with a mistake on purpose.

    OMP_NUM_THREADS=1 python tools/histories [NAME…]
    python tools/histories --take RUN…     takes over the histories of full runs on CIFAR-10

Every training is one of diabolo's own (`diabolo.train.train`) on the bundled sample of CIFAR-10, shrunk to 16×16; the
label says how it was made, and so what a reader of its curve has to find. Variant 2 of every kind is held out: no
constant of `diabolo.explain` was chosen by looking at it.
"""

import sys

import torch
from cases import variants
from full_runs import take
from labels import HELD_OUT_VARIANT, TARGET, read_labels, text_of, write_labels
from training import make

from diabolo.files import write_text


def main(wanted: list[str]) -> None:
    """Makes the histories whose names begin with one of the words, or all, and their labels."""
    torch.set_num_threads(1)
    labels = read_labels()
    for position, (name, number, case) in enumerate(variants()):
        if wanted and not any(name.startswith(word) for word in wanted):
            continue
        rows, facts = make(case, seed=100 + position)
        suffix = "json" if case.format == "keras" else "csv"
        write_text(TARGET / f"{name}.{suffix}", text_of(rows, case.format))
        labels[name] = {
            "file": f"{name}.{suffix}",
            "held_out": number == HELD_OUT_VARIANT,
            "made": {
                **case.settings,
                **{name: value for name, value in (("frozen", case.frozen), ("before", case.before)) if value},
                "num_train": case.num_train,
                "line": case.line,
            },
            "facts": facts if case.format == "csv" else {},
            "expected": list(case.expected),
            "allowed": list(case.allowed),
        }
        write_labels(labels)
        last = rows[-1]
        print(f"{name}: {len(rows)} epochs, loss {last['loss']:.5g}, val_loss {last['val_loss']:.5g}", flush=True)


if __name__ == "__main__":
    take(sys.argv[2:]) if sys.argv[1:2] == ["--take"] else main(sys.argv[1:])
