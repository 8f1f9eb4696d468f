"""`diabolo bench`: this engine beside the others that people use, on this machine, in one run."""

from diabolo.bench.session import PARTS, BenchOptions, run_bench
from diabolo.bench.table import table_lines

__all__ = ["PARTS", "BenchOptions", "run_bench", "table_lines"]
