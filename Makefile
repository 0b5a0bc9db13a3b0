# Every target sets up .venv first, so that a fresh machine needs Python >= 3.11 and make only.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# The first interpreter that is new enough and can make environments.
FITS = import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3.12 python3.11 python3.13 python3.14 python3 python; do \
	if $$p -c '$(FITS)' >/dev/null 2>&1; then echo $$p; break; fi; done)

TEST_ARGS ?= -n auto --dist worksteal
FAST = not slow and not s3 and not postgres and not notebook and not dask and not ray

.PHONY: help demo test check fmt bench battery memory mlflow faults fuzz simulate docs clean

help:  ## Show this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(READY)  ## Run the quickstart notebook on every backend and compare the answers
	$(BIN)/python -m benchmarks.demo

test: $(READY)  ## Run all tests
	$(BIN)/python -m pytest $(TEST_ARGS)

check: $(READY)  ## Format, lint, types, layers, sizes and the fast tests: about a minute
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m tools.sizes
	$(BIN)/python -m pytest $(TEST_ARGS) -q -m "$(FAST)" tests/unit tests/test_architecture.py

fmt: $(READY)  ## Format the code and fix what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)  ## Run the 22 PDS-H queries on the local backends and check every answer
	$(BIN)/python -m benchmarks pdsh --scale 1 --backend polars,pandas

battery: $(READY)  ## Kill writes before every change, race them, read beside them; every case in every number of parts
	$(BIN)/python -m tests.battery.writes all
	$(BIN)/python -m tests.battery.partitions
	$(BIN)/python -m pytest tests/conformance/test_determinism.py -n 0 -q --all-tasks
	SCALEKIT_TEST_ALL_WAYS=1 $(BIN)/python -m pytest $(TEST_ARGS) -q tests/learn/fits

memory: $(READY)  ## Run thirty-two plans that pass a budget of 2 GB in one session, which has to live on
	$(BIN)/python -m tests.battery.memory

mlflow: $(READY)  ## Start all of MLflow in an environment of its own, and take pictures of mirrored runs on its page
	$(BIN)/python -m tests.battery.mlflow_page

faults: $(READY)  ## Kill workers of Dask and Ray at every stage, and look for listeners off loopback
	$(BIN)/python -m tests.faults.dask_kills
	$(BIN)/python -m tests.faults.dask_starts
	$(BIN)/python -m tests.faults.ray_kills
	$(BIN)/python -m tests.faults.fit_kills

fuzz: $(READY)  ## Run ten thousand random plans in parts and on each backend, and print the seed of any difference
	$(BIN)/python -m scalekit.testing.fuzz --plans 10000 --seed $(or $(SEED),0)

simulate: $(READY)  ## Judge models on 400 data sets of each kind: do the intervals hold the truth
	$(BIN)/python -m benchmarks simulate

docs: $(READY)  ## Write docs/api from the docstrings, docs/coverage.md and docs/estimators.md
	$(BIN)/python -m tools.reference
	$(BIN)/python -m tools.coverage
	$(BIN)/python -m tools.estimators

clean:  ## Remove the environment and every cache
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .grimp_cache .hypothesis build dist

$(READY): pyproject.toml
	@test -n "$(PYTHON)" || { echo "scalekit needs Python >= 3.11 with venv: none found" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@
