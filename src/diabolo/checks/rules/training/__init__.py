"""Data, splits and step counts of a training."""
