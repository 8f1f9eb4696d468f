"""The workbench for convolutional autoencoders."""
