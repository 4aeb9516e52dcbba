# Tuyến Đầu. `make` alone lists what there is. Needs Python 3.11 or newer and make; nothing else.

# Set-up is quick to check, so every job checks it; a change of the pins installs again.
SHELL := /bin/sh
PORT ?= 8501
HOST ?= 127.0.0.1
DATA ?=
FACTS ?=
SPEED ?= 30
WORKERS ?= 2
BIN := .venv/bin

# The first of these that really starts (a pyenv shim may be there and refuse) and is new enough.
CANDIDATES := $(PYTHON) python3.11 python3 python3.12 python3.13 /usr/bin/python3.11 /usr/bin/python3
FIND = for p in $(CANDIDATES); do "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && exit; done
BOOTSTRAP = @python=$$($(FIND)); if [ -z "$$python" ]; then \
	echo "Python 3.11 or newer is needed and was not found. Install it, or: make PYTHON=path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; fi; \
	"$$python" scripts/bootstrap.py

.DEFAULT_GOAL := help
.PHONY: help run test test-thorough check bench setup setup-run lint format types imports secrets coverage screenshots pins hooks clean

help: ## this list
	@echo "Tuyến Đầu: epidemic command dashboard"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "Options: PORT=8501  HOST=127.0.0.1  DATA=folder of real figures (make run DATA=../shared/data)"
	@echo "         FACTS=1 published figures instead of the simulation  SPEED=30 simulated seconds per second"

run: setup-run ## set up, build the simulated country, open the dashboard on port $(PORT)
	@exec $(BIN)/python -m scripts.run --port "$(PORT)" --host "$(HOST)" --speed "$(SPEED)" $(if $(FACTS),--facts) $(if $(DATA),--data "$(DATA)")

test: setup ## set up, run all tests
	POLARS_MAX_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test-thorough: setup ## every case of the large matrices (an hour or more)
	POLARS_MAX_THREADS=1 TUYENDAU_THOROUGH=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: lint types imports secrets test ## lint, types, imports, secrets, tests: what CI runs

bench: setup ## side-by-side measurements
	$(BIN)/python -m benchmarks

setup: ## environment for tests and checks
	$(BOOTSTRAP) dev

setup-run: # environment for the dashboard alone
	$(BOOTSTRAP) run

lint: setup ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: setup ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: setup ## mypy
	$(BIN)/mypy

imports: setup ## import contracts
	$(BIN)/lint-imports

secrets: setup ## nothing that looks like a secret, every package as pinned (no network)
	$(BIN)/python -m scripts.secrets

coverage: setup ## tests with branch coverage and its floor
	POLARS_MAX_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --cov --cov-report=term-missing:skip-covered

screenshots: setup ## pictures for the README, from a running dashboard (needs Chromium)
	$(BIN)/python -m scripts.screenshots --port "$(PORT)"

pins: setup ## write constraints.txt anew from what is installed
	@{ sed -n '/^#/p' constraints.txt; $(BIN)/python -m pip freeze --exclude pip --exclude setuptools; } > constraints.txt.new
	@mv constraints.txt.new constraints.txt

hooks: setup ## run the checks before each commit
	$(BIN)/pre-commit install

clean: ## remove the environment, caches and local databases
	rm -rf .venv var .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
