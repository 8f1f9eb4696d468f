"""Outputs, losses and metrics that do not belong together."""
