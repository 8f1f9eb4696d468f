"""`diabolo bench`: this engine beside the others that people use, on this machine, in one run."""

from diabolo.bench.options import BenchOptions
from diabolo.bench.parts import PARTS
from diabolo.bench.session import run_bench
from diabolo.bench.table import table_lines

__all__ = ["PARTS", "BenchOptions", "run_bench", "table_lines"]
