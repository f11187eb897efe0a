# Every target does its own set-up: Python 3.11 and make are all that is needed.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
MODELS := .models
RECOGNISER := .recogniser/PP-OCRv6_rec_small.onnx
PACKAGES := nef af_client db openapi tests bench
# A file at a time, since its tests share what takes long to make, in the order of folders, so that the many short ones
# of tests/unit come last and fill what is left; one process more than cores, since many wait.
PARALLEL := --numprocesses $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1) --dist loadfile --no-loadscope-reorder -m "not alone and not chaos"
# Of the chaos: how many rounds, and the seed of the first.
ROUNDS ?= 5
SEED ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup models demo serve test test-fast search fuzz bench bench-plane bench-api bench-scale recogniser chaos check format lint types law lock clean

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## Make the virtual environment from the lock file

$(INSTALLED): requirements.lock setup.cfg pyproject.toml
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11 …" >&2; exit 1; }
	@echo "Setting up $(VENV) from requirements.lock, which takes a minute or two"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

models: $(INSTALLED) ## Train the demo's image classifiers from their seed (seconds; skipped when done)
	@$(BIN)/af-client models train --out $(MODELS)

demo: models ## Watch a model server adapt to a network that turns bad and good again (about 40 s)
	@$(BIN)/af-client demo --pool $(MODELS) --out demo-output

serve: $(INSTALLED) ## Serve the NEF and its simulated network at http://127.0.0.1:8080
	$(BIN)/nef serve

test: $(INSTALLED) ## Run all tests
	$(BIN)/python -m pytest $(PARALLEL)
	$(BIN)/python -m pytest -m alone tests/e2e

test-fast: $(INSTALLED) ## Run the unit and contract tests only
	$(BIN)/python -m pytest $(PARALLEL) tests/unit tests/contract

search: $(INSTALLED) ## Run the tests with examples nobody has tried yet
	$(BIN)/python -m pytest --hypothesis-profile=search $(PARALLEL)

fuzz: $(INSTALLED) ## Tell a service all that its contract lets one say, FUZZ_S=60 seconds for each document
	$(BIN)/python -m pytest -s --numprocesses 0 --fuzz-s $(or $(FUZZ_S),60) $(if $(FUZZ_SEED),--fuzz-seed $(FUZZ_SEED)) tests/fuzz

bench: $(INSTALLED) ## Hold requests, notifications and scale against their limits (MILLION=--million; 5 minutes)
	$(BIN)/python -m bench $(MILLION)

bench-plane: $(INSTALLED) ## Measure the user plane and a large download on this machine (a minute)
	$(BIN)/python -m bench.plane
	$(BIN)/python -m bench.delivery

recogniser: $(RECOGNISER) ## Fetch a real text recogniser (a 37 MB wheel from PyPI); its tests run where it is

$(RECOGNISER): | $(INSTALLED)
	@mkdir -p $(@D)
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --dest $(@D) rapidocr==3.10.0
	$(BIN)/python -m zipfile -e $(@D)/rapidocr-3.10.0-py3-none-any.whl $(@D)/wheel
	@mv $(@D)/wheel/rapidocr/models/$(@F) $@
	@rm -r $(@D)/wheel $(@D)/rapidocr-3.10.0-py3-none-any.whl

bench-api: $(INSTALLED) ## Measure what a request costs, beside a bare application on the same store (a minute)
	$(BIN)/python -m bench.api
	$(BIN)/python -m bench.stored
	$(BIN)/python -m bench.seen

bench-scale: $(INSTALLED) ## Measure what a tick costs at 1 000 to 1 000 000 active flows (five minutes, 4 GB)
	$(BIN)/python -m bench.scale --million
	$(BIN)/python -m bench.scale --flows 100000 --flows-a-session 1

chaos: $(INSTALLED) ## Kill, fill up, freeze and unplug it, and check that nothing is lost (ROUNDS=5 SEED=1; a quarter of an hour)
	$(BIN)/python -m pytest -v -rP --timeout 600 --chaos-rounds $(ROUNDS) --chaos-seed $(SEED) tests/chaos

check: lint types law test ## Everything a change must pass: format, lint, types, import law, tests, docs

format: $(INSTALLED) ## Put the code into its form
	$(BIN)/ruff check --fix-only --quiet $(PACKAGES)
	$(BIN)/ruff format $(PACKAGES)

lint: $(INSTALLED) ## Check form and lint only
	$(BIN)/ruff format --check $(PACKAGES)
	$(BIN)/ruff check $(PACKAGES)

types: $(INSTALLED) ## Check the types only
	$(BIN)/mypy nef af_client db tests bench

law: $(INSTALLED) ## Check the import law only
	$(BIN)/lint-imports --no-cache

lock: $(INSTALLED) ## Resolve the versions anew into requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-tools
	CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe \
		--strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
		--extra dev --output-file requirements.lock setup.cfg

clean: ## Remove what the other targets made
	rm -rf $(VENV) $(MODELS) .recogniser demo-output nef.sqlite3* build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
