"""Sizes that do not fit, and waists that are none."""
