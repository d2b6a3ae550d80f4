.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3.11
ifeq ($(shell command -v $(PYTHON) 2>/dev/null),)
PYTHON := python3
endif
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DESIGN := app/web/static/uswds/.ready
EXIT ?=
RUNS ?= 400

help: ## show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name it with PYTHON=…"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Ends well without npm, too: the pages then have their own plain style.
$(DESIGN): package-lock.json infra/design_system.py | $(READY)
	@$(BIN)/python -m infra.design_system

setup: $(READY) $(DESIGN) ## install everything into .venv, and the design system of the pages

demo: $(READY) $(DESIGN) ## triage 12 actions on real servers and serve the pages (EXIT=1: stop by itself)
	@$(BIN)/triage demo $(if $(EXIT),--exit)

test: $(READY) $(DESIGN) ## all tests, on real servers
	@$(BIN)/python -m pytest $(TESTS)

check: $(READY) ## lint, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

day: $(READY) ## a whole day's work: RUNS=400 runs, checked against the vault's audit log
	@$(BIN)/triage day --runs $(RUNS) --with-stack

bench: $(READY) ## what the pattern costs, as ratios
	@$(BIN)/python -m benchmarks

lock: ## renew requirements.lock from pyproject.toml
	$(PYTHON) -m venv $(VENV)/lock
	$(VENV)/lock/bin/pip install --quiet pip-tools
	$(VENV)/lock/bin/pip-compile --quiet --upgrade --extra servers --extra dev --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-emit-trusted-host --strip-extras --allow-unsafe --no-header -o requirements.lock pyproject.toml

pictures: $(READY) $(DESIGN) ## take the pictures of the pages in docs/pictures anew
	@PICTURES=docs/pictures $(BIN)/python -m pytest -q tests/e2e/test_pictures.py

clean: ## stop the stack and remove what was made
	@if [ -x $(BIN)/triage ]; then $(BIN)/triage stack down || true; fi
	rm -rf $(VENV) .local node_modules $(dir $(DESIGN)) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache *.egg-info

.PHONY: help setup demo test check day bench lock pictures clean
