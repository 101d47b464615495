# Summit Studio. `make demo` shows it, `make test` checks it; both set up first what is missing.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
PIP := $(BIN)/pip --disable-pip-version-check --quiet
NODE := web_console/node.sh
# Folders that may be installed already, with what only checks need
DEV_MODULES := node_modules/.with-dev

.PHONY: setup demo run test quick check protocol soak wheel clean help

help:
	@echo 'make demo    set up, start the demo, print the link of the console'
	@echo 'make run     set up, start an empty studio'
	@echo 'make test    install what only tests need, run every check and test'
	@echo 'make quick   lint, formats, types and the tests that start no studio: two minutes'
	@echo 'make check   lint, formats and types only'
	@echo 'make protocol  generate docs/protocol.md and the types of the pages'
	@echo 'make soak    half an hour of guests coming and going: does memory grow?'
	@echo 'make wheel   build dist/summit_studio-….whl, which pip installs anywhere'
	@echo 'make setup   set up only      make clean   remove what set-up made'

setup: $(VENV)/.installed web_console/vendor/.installed

demo: setup
	@exec $(BIN)/studio demo

run: setup
	@exec $(BIN)/studio run

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then echo 'Python 3.11 or newer is needed: apt-get install python3' >&2; exit 1; fi
	@if ! $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "Python's venv is missing: apt-get install $$($(PYTHON) -c \
			'import sys; print("python%d.%d-venv" % sys.version_info[:2])')" >&2; exit 1; fi
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(PIP) install -c constraints.txt -e '.[dev]'
	@touch $@

# The packages weigh 100 MB and a half of that is used: copied out, they go again, unless checks need them.
web_console/vendor/.installed: package-lock.json web_console/vendor.json web_console/vendor.mjs mixer/graphics/fonts.py mixer/graphics/install_fonts.py | $(VENV)/.installed
	@[ $(DEV_MODULES) -nt package-lock.json ] || { echo 'fetching the libraries and fonts of the pages'; \
		$(NODE) npm ci --omit=dev --ignore-scripts --no-progress --loglevel=error; }
	$(NODE) node web_console/vendor.mjs
	$(PIP) install --no-deps --no-compile --target $(VENV)/fonts -c constraints.txt \
		noto-cjk-sans-jp-regular noto-cjk-sans-jp-bold
	$(BIN)/python -P -m mixer.graphics.install_fonts node_modules $(VENV)/fonts web_console/vendor/fonts-whole
	@rm -rf $(VENV)/fonts; [ -e $(DEV_MODULES) ] || rm -rf node_modules $(VENV)/node
	@touch $@

$(DEV_MODULES): package-lock.json | $(VENV)/.installed
	$(NODE) npm ci --ignore-scripts --no-progress --loglevel=error
	@touch $@

check: $(VENV)/.installed-dev $(DEV_MODULES) web_console/vendor/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/vulture
	$(BIN)/python -P -m studio.lab.protocol --check
	$(NODE) node node_modules/typescript/bin/tsc -p .
	$(NODE) node --test $$(find web_console -name '*.test.js' -not -path '*/vendor/*' | sort)

# What is generated from the code: docs/protocol.md and the pages' types
protocol: setup
	$(BIN)/python -P -m studio.lab.protocol

quick: check
	$(BIN)/pytest -q -n 2 --hypothesis-profile=quick tests/unit tests/golden tests/test_architecture.py

test: check
	.ci/test-packages
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

# Half an hour with guests coming and going: memory must not grow
soak: setup $(VENV)/.installed-dev
	$(BIN)/studio bench --soak
	$(BIN)/pytest -m soak

# With the pages' libraries and all fonts in it; it needs nothing of this folder where it is installed.
wheel: setup
	$(PIP) wheel --no-deps --wheel-dir dist .

clean:
	rm -rf $(VENV) node_modules web_console/vendor build dist
