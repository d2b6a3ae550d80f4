.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
# The first of these that is a version tested here; another can be named: make test PYTHON=/usr/bin/python3.12
PYTHON ?= $(shell for python in $(BIN)/python python3 python3.14 python3.13 python3.12 python3.11; do \
  "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null && echo "$$python" && break; done)
PIP ?=
DESIGN := app/web/static/uswds/.ready
EXIT ?=
SHARED_USER ?=
RUNS ?= 400

help: ## show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Nothing but a look when .venv is as the locks want it. PIP=1 leaves uv out.
ready:
	@python="$(PYTHON)"; [ -n "$$python" ] || { echo "No Python 3.11 to 3.14 found: install one, or name it with PYTHON=…" >&2; exit 1; }; \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "PYTHON=$$python does not run as Python 3.11 or newer" >&2; exit 1; }; \
	  "$$python" -m infra.installation $(if $(PIP),--pip)

# Ends well without npm, too: the pages then have their own plain style.
$(DESIGN): package-lock.json infra/design_system.py | ready
	@$(BIN)/python -m infra.design_system

setup: ready $(DESIGN) ## install everything into .venv, and the pages' design system

demo: ready $(DESIGN) ## triage 12 actions, serve the pages (EXIT=1: then stop)
	@$(BIN)/triage demo $(if $(EXIT),--exit) $(if $(SHARED_USER),--shared-user)

# Two files of tests side by side: each of the two has servers of its own, and half of the time one waits for them.
# In the order of their names the short ones come last, so that neither of the two ends long before the other.
PYTEST = $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test: ready $(DESIGN) ## all tests, on real servers
	@$(PYTEST) $(TESTS)

unit: ready ## tests without servers, in less than a minute
	@$(BIN)/python -m pytest -q -n logical --dist loadfile $(or $(TESTS),tests/unit)

web: ready $(DESIGN) ## tests of the pages and the JSON interface
	@$(PYTEST) $(or $(TESTS),tests/web)

integration: ready ## tests of runs, servers, commands and guides
	@$(PYTEST) $(or $(TESTS),tests/integration tests/contract tests/template)

# Needs root on Linux with Docker's programs, mmdebstrap and chromium; exit status 77 of pytest: no engine can be started.
compose-test: ready ## the system in containers: up, tried, down; 5 minutes
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
	  -r requirements/compose.lock
	@COMPOSE_TEST=1 $(BIN)/python -m pytest -x tests/compose

check: ready ## lint, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

day: ready ## a day's work, RUNS=400 runs, checked against the vault's log
	@$(BIN)/triage day --runs $(RUNS) --with-stack $(if $(SHARED_USER),--shared-user)

# All are carried out, even if the first finds the machine busy.
bench: ready ## cost, time of a stop, long queues, a million lines; 55 min
	@status=0; \
	  $(BIN)/python -m benchmarks || status=$$?; \
	  $(BIN)/python -m benchmarks.containment --until-expiry || status=$$?; \
	  $(BIN)/python -m benchmarks.queue_depth || status=$$?; \
	  $(BIN)/python -m benchmarks.outage || status=$$?; \
	  $(BIN)/python -m benchmarks.reconcile_lines || status=$$?; \
	  exit $$status

# All are carried out, even if the first finds something. OUT names a folder for the reports.
campaign: ready ## RUNS=400 under kills, a quiet day, and faults; 30 min
	@status=0; \
	  $(BIN)/python -m benchmarks.campaign --runs $(RUNS) $(if $(OUT),--out $(OUT)/kill-campaign.md) || status=$$?; \
	  $(BIN)/python -m benchmarks.quiet_day --runs $(RUNS) $(if $(OUT),--out $(OUT)/quiet-day.md) || status=$$?; \
	  $(BIN)/python -m benchmarks.faults --runs $$((5 * $(RUNS))) $(if $(OUT),--out $(OUT)/fault-campaign.md) || status=$$?; \
	  exit $$status

LOCK = $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --fork-strategy fewest \
  --generate-hashes --no-header
# Each lock is made to agree with those before it, so that any of them can be installed together.
lock: ready ## renew the locks in requirements/ from pyproject.toml
	$(LOCK) pyproject.toml -o requirements/runtime.lock
	$(LOCK) --group servers -c requirements/runtime.lock -o requirements/servers.lock
	$(LOCK) --group dev -c requirements/runtime.lock -c requirements/servers.lock -o requirements/dev.lock
	$(LOCK) --group compose -c requirements/runtime.lock -c requirements/servers.lock -c requirements/dev.lock -o requirements/compose.lock
	$(LOCK) --group build -o requirements/build.lock
	$(LOCK) --group uv -o requirements/uv.lock

pictures: ready $(DESIGN) ## take the pictures of the pages in docs/pictures anew
	@PICTURES=docs/pictures $(BIN)/python -m pytest -q tests/e2e/test_pictures.py

clean: ## stop the stack and remove what was made
	@if [ -x $(BIN)/triage ]; then $(BIN)/triage stack down || true; fi
	rm -rf $(VENV) .local node_modules $(dir $(DESIGN)) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache *.egg-info

.PHONY: help ready setup demo test unit web integration compose-test check day bench campaign lock pictures clean
