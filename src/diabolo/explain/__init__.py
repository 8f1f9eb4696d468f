"""Curves in words: what a history says, and what two of them say; no torch."""

from diabolo.explain.foreign import history_from_columns, read_foreign
from diabolo.explain.history import History, history_of_run
from diabolo.explain.read import all_kinds, explain_history
from diabolo.explain.read_pair import all_pair_kinds, explain_pair
from diabolo.explain.reading import Kind, Reading

__all__ = [
    "History", "Kind", "Reading", "all_kinds", "all_pair_kinds", "explain_history", "explain_pair",
    "history_from_columns", "history_of_run", "read_foreign",
]  # fmt: skip
