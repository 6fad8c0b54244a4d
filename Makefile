# `make lab` to learn, `make test` to prove, `make help` for the rest.
.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# The oldest Python that will do is 3.11; another one: make lab PYTHON=/path/to/python3
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
ROOT_ON_DEBIAN := $(shell [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo yes)
WORKERS ?= auto
ARGS ?=

.PHONY: help lab demo course test test-all test-every lint format bench lock system clean

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

lab: $(INSTALLED) ## Open the course in JupyterLab (ARGS=--no-browser for a server)
	@$(BIN)/python -m graders.pages
	@exec $(BIN)/python -m graders.pages.lab $(ARGS)

demo: $(INSTALLED) ## What the course does, in one screen
	@$(BIN)/python -m graders.demo

course: $(INSTALLED) ## Build the notebooks from course/*.md
	@$(BIN)/python -m graders.pages

test: $(INSTALLED) system lint ## Lint, types and the tests, in minutes
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not slow and not thorough" $(ARGS)

test-all: $(INSTALLED) system ## The tests that take longer
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m slow $(ARGS)

test-every: $(INSTALLED) system ## Those, and every attempt of every step: about an hour on two cores
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "slow or thorough" $(ARGS)

lint: $(INSTALLED) ## Style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(INSTALLED) ## Put the code in shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: course ## Measure, always side by side
	$(BIN)/python -m tests.bench $(ARGS)

lock: $(INSTALLED) ## Resolve the dependencies anew
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --upgrade \
		--group dev --group build pyproject.toml -o requirements.lock
	echo uv | $(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		--upgrade - -o requirements-uv.lock
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --upgrade \
		graders/runners/workflow/tools.in -o graders/runners/workflow/tools.lock

clean: ## Remove what was built and installed; your own folder stays
	rm -rf $(VENV) build course/source

# uv installs in seconds; where it can't be had or can't reach the packages, pip does the same from the same file.
$(INSTALLED): requirements.lock requirements-uv.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or name it with make PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ [ "$(ROOT_ON_DEBIAN)" = yes ] && apt-get update -qq && apt-get install -y -qq python3-venv; } || \
		{ echo "$(PYTHON) cannot make a virtual environment: install python3-venv (or your system's like)."; exit 1; }
	@echo "Installing what the course needs into $(VENV)…"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-uv.lock && \
		$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock || \
		$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m graders.runners.workflow
	@touch $(INSTALLED)

# What the tests need beyond Python. Installed only by root on Debian; elsewhere the tests name what they skip.
system:
	@for pair in bwrap:bubblewrap chromium:chromium dockerd:docker.io docker-registry:docker-registry mmdebstrap:mmdebstrap; do \
		command -v $${pair%%:*} >/dev/null && continue; \
		if [ "$(ROOT_ON_DEBIAN)" = yes ]; then \
			echo "Installing $${pair##*:}…"; \
			{ [ -n "$$updated" ] || apt-get update -qq; } && updated=1 && \
			DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $${pair##*:} >/dev/null; \
		else echo "Not installed: $${pair##*:}. Tests that need it are skipped, and named at the end."; fi; \
	done
