# Linli. `make` alone lists what there is to make. Nothing is installed outside this folder.

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
DATA := $(if $(LINLI_DATA),$(LINLI_DATA),.data)
BIN := .venv/bin
RUN := $(BIN)/python -m config.embedded run
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
PYTEST_ARGS ?=
BENCH_ARGS ?=

##@ Start here

.PHONY: demo
demo: .venv/.installed ## The whole site on http://127.0.0.1:8000 (PORT=... for another), until Ctrl-C
	@exec $(BIN)/python -m config.demo

.PHONY: test
test: .venv/.installed-dev .venv/.installed-verifier ## All tests; the browser's too where Chromium is found
	@$(BIN)/python -m config.translations compile
	@$(RUN) $(BIN)/python -m pytest -n 2 $(PYTEST_ARGS)

.PHONY: help
help: ## This list
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Working on it

CHECKS := check-style check-templates check-layers check-types check-translations check-django

.PHONY: check
check: .venv/.installed-dev ## Everything but the tests: style, types, layers, translations, migrations
	@$(MAKE) --keep-going --output-sync --jobs 2 $(CHECKS)

.PHONY: $(CHECKS)
check-style:
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

check-templates:
	@$(BIN)/djhtml --tabwidth 2 --check templates

check-layers:
	@$(BIN)/lint-imports

check-types:
	@$(BIN)/mypy

check-translations:
	@$(BIN)/python -m config.translations check
	@$(BIN)/python -m config.translations compile

check-django:
	@$(RUN) sh -c '$(BIN)/python manage.py check --fail-level WARNING && \
	  $(BIN)/python manage.py makemigrations --check --dry-run && \
	  $(BIN)/python -m pytest --quiet --no-header tests/test_vendor_manifest.py'

.PHONY: format
format: .venv/.installed-dev ## Put code and templates into their usual form
	@$(BIN)/ruff check --fix-only --quiet
	@$(BIN)/ruff format
	@$(BIN)/djhtml --tabwidth 2 templates

.PHONY: messages
messages: .venv/.installed-dev ## Collect texts into locale/ (needs gettext), then compile them
	@$(BIN)/python manage.py makemessages --locale zh_Hans --no-location --no-wrap --no-obsolete \
	  --ignore .venv --ignore .data --ignore tests
	@$(BIN)/python -m config.translations compile

.PHONY: bench
bench: .venv/.installed-dev ## Measure settlement, check-in, pages and a ledger of ten million (made once); BENCH_ARGS="top_100" for one
	@$(RUN) $(BIN)/python manage.py bench $(BENCH_ARGS)

.PHONY: shell
shell: .venv/.installed ## Python with the models at hand
	@$(RUN) $(BIN)/python manage.py shell

.PHONY: start
start: .venv/.installed ## The embedded PostgreSQL and Valkey only; prints their addresses
	@$(BIN)/python -m config.embedded start

.PHONY: stop
stop: .venv/.installed ## Stop the embedded servers
	@$(BIN)/python -m config.embedded stop

.PHONY: lock
lock: .venv/.installed-dev ## Pin requirements/*.in with hashes into requirements/*.txt
	@cd requirements && for name in base demo dev; do \
	  ../$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header \
	    --no-emit-index-url --no-emit-trusted-host --no-emit-options --no-emit-find-links \
	    --output-file $$name.txt $$name.in || exit 1; done

.PHONY: clean
clean: ## Stop the servers and remove everything that was made here (.venv and .data too)
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m config.embedded stop || true; fi
	@rm -rf "$(DATA)" .venv staticfiles media .pytest_cache .hypothesis .mypy_cache .ruff_cache \
	  .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@find locale -name '*.mo' -delete 2>/dev/null || true

# The virtual environment: made once, brought up to date when the locked requirements change.

.venv/.installed: requirements/demo.txt
	@$(MAKE) .venv/bin/python
	@echo "Installing what Linli needs into .venv ..."
	@$(PIP) --requirement requirements/demo.txt
	@touch $@

.venv/.installed-dev: requirements/dev.txt requirements/demo.txt
	@$(MAKE) .venv/bin/python
	@echo "Installing what Linli and its tests need into .venv ..."
	@$(PIP) --requirement requirements/dev.txt
	@touch .venv/.installed $@

# A verifier of Open Badges that other people wrote, for the tests; nothing where there is no npm.
VERIFIER := tests/points/openbadges_verifier
.venv/.installed-verifier: $(addprefix $(VERIFIER)/,package-lock.json .npmrc verify.mjs) .venv/.installed-dev
	@command -v npm >/dev/null 2>&1 || exit 0; \
	  mkdir -p .venv/openbadges_verifier && \
	  cp $(addprefix $(VERIFIER)/,package.json package-lock.json .npmrc verify.mjs) .venv/openbadges_verifier/ && \
	  cd .venv/openbadges_verifier && npm ci --silent && touch ../.installed-verifier

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Linli needs Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv .venv || { \
	  echo "This Python lacks venv (on Debian and Ubuntu: apt install python3-venv)"; exit 1; }
