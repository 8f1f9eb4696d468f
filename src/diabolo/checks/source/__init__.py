"""Static front ends: Keras and PyTorch source text, notebooks and pasted snippets, read and never executed."""

from diabolo.checks.source.notebook import cells_of, with_cells
from diabolo.checks.source.read import read_cells, read_file, read_notebook, read_source

__all__ = ["cells_of", "read_cells", "read_file", "read_notebook", "read_source", "with_cells"]
