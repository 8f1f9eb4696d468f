"""What two histories say together, one file each; every module here that defines `KIND` and `find` is found by itself."""
