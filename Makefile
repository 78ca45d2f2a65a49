# Kassa. `make` alone lists the targets. PORT, DEMO_PORT and VENDOR_PORT reach the store from the environment and from
# the command line (`make run PORT=9000`) alike.

PYTHON ?= python3
UV ?= uv
BIN := .venv/bin
# Each process has its own databases, demo and browser, so more than a few need more memory than a laptop has.
PARALLEL := --numprocesses auto --maxprocesses 4 --dist worksteal
LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock"

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test check e2e bench format lock clean install-run install-test browser lint types contracts suite journeys

help: ## List the targets
	@grep -E '^[a-z0-9-]+:.*## ' Makefile | awk -F ':.*## ' '{ printf "make %-7s %s\n", $$1, $$2 }'

run: install-run ## Run the store with its demo on http://localhost:8000 until Ctrl-C
	@exec $(BIN)/kassa demo

test: install-test browser lint types contracts suite journeys ## Run everything: lint, types, contracts, tests, browser tests

check: install-test lint types contracts suite ## Run everything but the browser tests

e2e: install-test browser journeys ## Run the browser tests

bench: install-test ## Time the pages and the promotions engine
	@$(BIN)/python -m tests.bench

format: install-test ## Put the code into its one format and mend what can be mended by machine
	@$(BIN)/python -m ruff check --fix .
	@$(BIN)/python -m ruff format .

lock: ## Pin the packages anew for pyproject.toml (needs uv; `make lock UPGRADE=--upgrade` takes newer ones)
	@$(LOCK) $(UPGRADE) pyproject.toml --output-file requirements/run.txt
	@$(LOCK) $(UPGRADE) --extra dev --constraint requirements/run.txt pyproject.toml --output-file requirements/test.txt

clean: ## Remove .venv, caches, test results and the demo's state (var/)
	rm -rf .venv var test-results .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

install-run:
	@$(PYTHON) requirements/install.py run

install-test:
	@$(PYTHON) requirements/install.py test

# First, so that a machine without a browser says so before the long run.
browser:
	@$(BIN)/python -m e2e.browser

lint:
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check .

types:
	@$(BIN)/python -m mypy

contracts:
	@$(BIN)/python -c 'from importlinter.cli import lint_imports_command as run; run()' --no-logo

suite:
	@$(BIN)/python -m pytest tests $(PARALLEL)

journeys:
	@$(BIN)/python -m pytest e2e $(PARALLEL)
