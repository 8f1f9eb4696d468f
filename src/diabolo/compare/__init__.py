"""Which of several models is better, and how sure that is: run folders -> statistics -> verdict; no torch."""

from diabolo.compare.comparison import (
    ComparedModel,
    ComparedReference,
    ComparedRun,
    Comparison,
    Difference,
    FairnessWarning,
    ImageDifference,
    LeftOut,
    PairedModels,
    Spread,
    Verdict,
)
from diabolo.compare.file import COMPARISON_FILE, from_dict, read_comparison, to_dict, write_comparison
from diabolo.compare.folders import find_runs
from diabolo.compare.metrics import DECIDING, METRICS, deciding_metric
from diabolo.compare.names import folder_name
from diabolo.compare.of_runs import compare_runs
from diabolo.compare.table import comparison_text

__all__ = [
    "COMPARISON_FILE", "DECIDING", "METRICS", "ComparedModel", "ComparedReference", "ComparedRun", "Comparison",
    "Difference", "FairnessWarning", "ImageDifference", "LeftOut", "PairedModels", "Spread", "Verdict", "compare_runs",
    "comparison_text", "deciding_metric", "find_runs", "folder_name", "from_dict", "read_comparison", "to_dict",
    "write_comparison",
]  # fmt: skip
