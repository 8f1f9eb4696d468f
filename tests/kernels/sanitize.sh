#!/usr/bin/env bash
# Runs the stage engine's tests on a build with the address and undefined-behaviour sanitizers (gcc). The installed
# library is left as it is. Usage, from the repository's root: PYTHON=.venv/bin/python tests/kernels/sanitize.sh
set -euo pipefail
python=${PYTHON:-.venv/bin/python}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" - "$folder/stages.so" <<'PYTHON'
import sys
from pathlib import Path
from diabolo.kernels.compile import compile_library
flags = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer", "-g", "-O1"]
compile_library(Path(sys.argv[1]), flags)
PYTHON
libraries=$(for name in libasan.so libubsan.so libstdc++.so.6; do g++ -print-file-name="$name"; done | tr '\n' ' ')
DIABOLO_STAGES_LIBRARY="$folder/stages.so" LD_PRELOAD="$libraries" ASAN_OPTIONS=detect_leaks=0:log_path="$folder/report" UBSAN_OPTIONS=print_stacktrace=1:log_path="$folder/report" \
    "$python" -m pytest -o addopts= -q -s -p no:cacheprovider tests/kernels "$@" || { cat "$folder"/report* 2>/dev/null; exit 1; }
