# `make demo` and `make test` need nothing but Python 3.11 or newer with pip, and the package registry
# that pip is set up for. Both work in a virtual environment of their own, made here when there is none.

PYTHON ?= python3
VENV ?= .venv
TEST_JOBS ?= 2
PYTEST_ARGS ?=
# The tests with real clients of agents need npm, and have targets of their own.
MARKS ?= not clients

BIN := $(VENV)/bin
PY := $(BIN)/python
PIP := $(PY) -m pip --disable-pip-version-check
# Python compiles what it imports; compiling all of what is put in would take longer than the rest.
PUT_IN := $(PIP) install -q --no-compile

PARTS := cli engine hooks patterns schemas tasks
# Folders count as sources too, so that a removed file is noticed.
SOURCES := $(wildcard *.py) py.typed README.md LICENSE pyproject.toml constraints.txt \
    $(shell find $(PARTS) -name __pycache__ -prune -o -print 2>/dev/null)

# A fast part of the tests, and where the demo's report goes.
DEMO_TESTS ?= tests/engine/scheduler tests/engine/test_globs.py tests/schemas/test_ids.py tests/schemas/test_template.py tests/tasks/test_scanner.py
DEMO_REPORT ?= .metaensemble/reports/quality-review.md

.DEFAULT_GOAL := help
.PHONY: help demo test test-fast test-clients smoke-clients check lint types layers pictures bench clean

help:
	@echo 'make demo      review this repository with four tools at once, and print where the report is'
	@echo 'make test      build the wheel, install it, and test that'
	@echo 'make test-clients  test with the real clients of agents, which npm installs into a cache'
	@echo 'make check     lint, types, layers'
	@echo 'make pictures  draw the pictures of the documents anew'
	@echo 'make bench     measure the engine against a bare loop of SQLite commits'
	@echo 'make clean     remove what make and the tests left here'

# --- the virtual environment ---

# Some systems leave `ensurepip` out of Python; pip itself can then fill the environment.
$(VENV)/.made:
	@command -v "$(PYTHON)" >/dev/null || { \
	  echo 'error: no `$(PYTHON)` found; name another with `make PYTHON=/path/to/python3.11 ...`' >&2; exit 2; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "error: Python 3.11 or newer is needed, and \`$(PYTHON)\` is $$("$(PYTHON)" -V 2>&1);" \
	    'name another with `make PYTHON=/path/to/python3.11 ...`' >&2; exit 2; }
	@rm -rf "$(VENV)"
	@"$(PYTHON)" -m venv "$(VENV)" >/dev/null 2>&1 || { \
	  rm -rf "$(VENV)" && "$(PYTHON)" -m venv --without-pip "$(VENV)" && \
	  "$(PYTHON)" -m pip --python "$(VENV)" install -q pip; }
	@touch $@

# The wheel: built from the tree, without what an earlier build left, and put in whole. What it needs
# comes with the extras.
$(VENV)/.wheel: $(VENV)/.made $(SOURCES)
	@rm -rf build "$(VENV)/dist" ./*.egg-info
	@$(PUT_IN) -c constraints.txt setuptools
	$(PIP) wheel -q --no-deps --no-build-isolation -w "$(VENV)/dist" .
	@rm -rf build ./*.egg-info
	$(PUT_IN) --no-deps --force-reinstall "$(VENV)"/dist/*.whl
	@touch $@

# This repository's own tests, which the demo runs some of, need hypothesis.
$(VENV)/.demo: $(VENV)/.wheel
	@set -- "$(VENV)"/dist/*.whl && $(PUT_IN) -c constraints.txt "$$1[examples]" hypothesis
	@touch $@

$(VENV)/.test: $(VENV)/.wheel
	@set -- "$(VENV)"/dist/*.whl && $(PUT_IN) -c constraints.txt "$$1[test]"
	@touch $@

# --- what people call ---

demo: $(VENV)/.demo
	@mkdir -p .metaensemble
	@PATH="$(CURDIR)/$(BIN):$$PATH" me dag run examples/quality-review/graph.yaml --param project=. \
	  --param source=metaensemble --param tests="$(DEMO_TESTS)" --param report="$(DEMO_REPORT)"
	@echo "the Deliverable: $(DEMO_REPORT)"

test: $(VENV)/.test
	"$(BIN)/pytest" -n $(TEST_JOBS) --dist worksteal -m "$(MARKS)" $(PYTEST_ARGS)

test-fast: MARKS += and not slow
test-fast: test

# Real clients against a scripted model server on loopback: no account, no model, and no network once they
# are in the cache. Without npm the tests say so and are skipped.
test-clients: $(VENV)/.test
	$(PY) tests/clients/install.py
	"$(BIN)/pytest" -n $(TEST_JOBS) --dist worksteal -m clients $(PYTEST_ARGS) tests/clients

# One consensus per client. A client that cannot be had is told, and its tests are skipped.
smoke-clients: $(VENV)/.test
	$(PY) tests/clients/install.py || echo 'some clients are not there: their tests are skipped'
	"$(BIN)/pytest" -m "clients and smoke" $(PYTEST_ARGS) tests/clients

check: lint types layers

lint: $(VENV)/.test
	"$(BIN)/ruff" check .
	"$(BIN)/ruff" format --check .

types: $(VENV)/.test
	$(PY) -P -m mypy -p metaensemble

layers: $(VENV)/.test
	"$(BIN)/lint-imports" --no-cache

pictures: $(VENV)/.test
	$(PY) docs/pictures/draw.py

bench: $(VENV)/.test
	$(PY) benchmarks

clean:
	rm -rf "$(VENV)" build dist ./*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
