# make run      everything from nothing: Python packages, web clients, then the demo city on one address
# make test     all tests, in two runs side by side; brings what they need. ARGS="tests/core -x" is one run of those
# make check    what must be clean before a change goes in: format, lint, types, arrows, tests
# make bench    numbers, one JSON object a line; make bench-alerts, bench-video: those of one lane
# make chaos    the product under kills, cuts, full disks and wrong clocks for half an hour; ends with one line of counts
# make soak     20 cameras that fail and 100 viewers that come and go for half an hour: nothing may grow, nothing old look live
# make fuzz     nearly right bytes for every parser, 10 million each; ARGS="rtsp --seconds 60" is shorter
# make lock     write requirements/*.lock from pyproject.toml; UPGRADE=1 takes the newest versions (needs uv)
#
# Needs Python >= 3.11 and make. Everything it brings lies in .venv, clients/web and var; `make clean` takes it away.

SHELL := /bin/sh
BIN := .venv/bin

# The first Python that is new enough; PYTHON=/path/to/python chooses another.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$name; break; fi; done)

.PHONY: run test check bench bench-alerts bench-video chaos soak fuzz screenshots lock clean python packages test-packages web chromium
.NOTPARALLEL:

run: packages web
	@exec $(BIN)/sightline demo $(ARGS)

test: test-packages web chromium
	$(BIN)/python clients/web/build.py --check
	$(if $(ARGS),$(BIN)/pytest $(ARGS),$(BIN)/python -m tests.halves)

check: test-packages web chromium
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy requirements clients/web/build.py clients/web/hatch_build.py
	$(BIN)/lint-imports
	$(BIN)/python clients/web/build.py --check
	$(if $(ARGS),$(BIN)/pytest $(ARGS),$(BIN)/python -m tests.halves)

bench: test-packages web chromium
	@$(BIN)/python -m tests.bench $(ARGS)

soak: test-packages
	@$(BIN)/python -m tests.soak $(ARGS)

chaos: test-packages
	@$(BIN)/python -m tests.chaos $(ARGS)

fuzz: test-packages
	@$(BIN)/python -m tests.fuzz $(ARGS)

bench-alerts: test-packages
	@$(BIN)/python -m tests.bench fan_out resume intake slow_link

bench-video: test-packages web chromium
	@$(BIN)/python -m tests.bench video display $(ARGS)

screenshots: test-packages web chromium
	$(BIN)/python -m tests.browser.screenshots $(ARGS)

packages: python
	@$(PYTHON) requirements/install.py run

test-packages: python
	@$(PYTHON) requirements/install.py test

web:
	@$(BIN)/python clients/web/build.py

# A Chromium that plays H.264; the tests never skip what they cannot run.
chromium:
	@$(BIN)/python requirements/chromium.py

python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Sightline needs Python 3.11 or newer, and there is none on PATH (looked for python3 and python3.11 to python3.14)." >&2; \
		echo "Install one (Debian and Ubuntu: apt install python3 python3-venv; macOS: brew install python), then run make again." >&2; \
		exit 1; \
	fi

LOCK := uv pip compile pyproject.toml --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header \
	--python-version 3.11 $(if $(UPGRADE),--upgrade)

lock:
	$(LOCK) --group build -o requirements/run.lock
	$(LOCK) --group build --extra postgres -o requirements/image.lock
	$(LOCK) --group build --group test --group check --extra postgres -o requirements/test.lock
	$(subst pyproject.toml,,$(LOCK)) --group node -o requirements/node.lock

clean:
	rm -rf .venv .make dist clients/web/dist clients/web/node_modules clients/web/.tests clients/web/.lock
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "The data of the demo is still in var; remove it with: rm -rf var"
