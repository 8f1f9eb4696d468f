"""What two histories say together, one file each; every module here with `KIND` and `find` is found by itself."""
