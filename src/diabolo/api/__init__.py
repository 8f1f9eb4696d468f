"""What Python users call: the same words as the command line."""
