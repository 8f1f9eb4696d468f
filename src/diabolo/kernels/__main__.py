"""`python -m diabolo.kernels [FLAG…]`: compiles the stage engine in place, with more compiler flags if any."""

import sys

from diabolo.kernels.compile import CompileError, compile_library

if __name__ == "__main__":
    try:
        print(compile_library(extra=sys.argv[1:]))
    except CompileError as error:
        sys.exit(str(error))
