"""Normalisation and activation in places where they hurt."""
