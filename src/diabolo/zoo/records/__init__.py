"""One file a model; every module here that defines `MODEL` is in the zoo."""
