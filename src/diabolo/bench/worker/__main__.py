"""`python FOLDER JOB SETTINGS`: a worker of `diabolo bench`, in the Python of the engine that it runs.

The folder itself is what Python is given, not `-m diabolo…`: an engine's own environment knows no diabolo. Its modules
therefore import each other by their bare names, and nothing but the engine and numpy.
"""

import importlib
import json
import sys

from serving import serve

if __name__ == "__main__":
    serve(lambda: importlib.import_module(sys.argv[1]).Job(json.loads(sys.argv[2])))
