"""Static front ends: Keras and PyTorch source text, notebooks and pasted snippets, read and never executed."""

from diabolo.checks.source.read import cells_of, read_cells, read_file, read_notebook, read_source

__all__ = ["cells_of", "read_cells", "read_file", "read_notebook", "read_source"]
