"""The readings of one history, one file each; every module here that defines `KIND` and `find` is found by itself."""
