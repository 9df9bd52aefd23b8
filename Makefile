# Everything one types. `make run` and `make test` need nothing but Python 3.11 and make.
PYTHON ?= python3
VENV := .venv/bin
TEST_WORKERS ?= 2
export PYTHONUNBUFFERED := 1

.PHONY: help run test check fmt chaos bench build environment requirements clean

help:  ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

environment:
	@$(PYTHON) -m config.supervisor.bootstrap

run: environment  ## the whole product on this machine; Ctrl-C stops it and keeps the data
	@exec $(VENV)/python -m config.supervisor run

test: environment build check  ## every check, then every test, on servers of its own
	$(VENV)/pytest -n $(TEST_WORKERS) $(PYTEST_ARGUMENTS)

check: environment  ## linters, types, import directions, migrations, templates
	@$(VENV)/python -m config.supervisor.check

fmt: environment  ## format and fix what can be fixed
	$(VENV)/ruff check --fix .
	$(VENV)/ruff format .
	$(VENV)/djade --target-version 5.2 $$(find templates -name '*.html') || true
	@if [ -d node_modules ]; then npx --no-install biome check --write .; fi

chaos: environment build  ## kill every process at every crash point
	$(VENV)/pytest -m chaos $(PYTEST_ARGUMENTS)

bench: environment build  ## measure what is measured
	$(VENV)/pytest -m bench -s $(PYTEST_ARGUMENTS)

build: environment  ## styles, scripts and translations, if their sources changed
	@$(VENV)/python -m config.supervisor build

requirements: environment  ## pin what requirements/*.in ask for
	@for name in base dev node s3; do \
	  $(VENV)/uv pip compile --quiet --generate-hashes --no-header --no-emit-index-url --python-version 3.11 \
	    requirements/$$name.in --output-file requirements/$$name.txt || exit 1; done

clean:  ## remove build output and caches; keeps .run with its data, and .venv
	rm -rf static/dist staticfiles .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis test-results
	find . -name __pycache__ -not -path './.venv/*' -not -path './node_modules/*' -prune -exec rm -rf {} +
