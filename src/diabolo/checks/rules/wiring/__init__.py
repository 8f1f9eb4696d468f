"""Layers that do not do what their place in the source suggests."""
