# OneGrid: `make run` is all a newcomer needs; the rest is for those who change it.
PYTHON ?= $(firstword $(foreach v,python3.13 python3.12 python3.11 python3,$(if $(shell $(v) -c 'import sys; print(sys.version_info >= (3, 11) or "")' 2>/dev/null),$(v))))
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest

.PHONY: install run test soak check bench format clean
.DEFAULT_GOAL := run

install: .venv/.installed

.venv/.installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "OneGrid needs Python 3.11 or newer, and none was found: install it, or name it with make PYTHON=..."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

.venv/.developing: .venv/.installed requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

run: .venv/.installed
	@ONEGRID_DEMO=$${ONEGRID_DEMO:-1} $(BIN)/onegrid serve --prepare

test: .venv/.developing
	$(PYTEST) -n 2 -m "not soak"

soak: .venv/.developing
	$(PYTEST) -m soak

check: .venv/.developing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy server schema tenants seeds tests bench
	$(BIN)/lint-imports
	$(BIN)/onegrid tenants check
	$(BIN)/onegrid schema --out .venv/schema.graphql
	@cmp .venv/schema.graphql schema/schema.graphql || { echo "schema/schema.graphql is out of date: run .venv/bin/onegrid schema --out schema/schema.graphql"; exit 1; }

bench: .venv/.developing
	$(BIN)/python -m bench

format: .venv/.developing
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv build *.egg-info
