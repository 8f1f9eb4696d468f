"""How torch takes memory from the system on Linux: in huge pages, which makes training of large tensors faster."""

import os


def use_huge_pages() -> None:
    """Asks torch for huge pages (2 MiB) for its large CPU tensors; a user's own setting stays.

    A training step of the question's network with batch 1000 takes and gives back about 3 GB in pieces of 262 MB; in
    pages of 4 KiB the system spends half of the step on them (benchmarks/step.py). Works where nothing has made a CPU
    tensor yet: torch reads the variable once, at its first allocation. No effect outside Linux and on GPUs.
    """
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
