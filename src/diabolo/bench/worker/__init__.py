"""The worker of `diabolo bench`: runs as a program of its own, in the Python of the engine that it measures."""
