"""Static front ends: Keras and PyTorch source text, notebooks and pasted snippets, read and never executed."""
