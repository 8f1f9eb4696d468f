"""Up-sampling that leaves patterns."""
