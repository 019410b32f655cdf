# Each target sets up what it needs; bin/setup is instant when there is nothing to do.
MAKEFLAGS += --no-print-directory
.PHONY: rehearse test check lint types unit unit-stacks unit-functions shipped format lock layers synth integration changes tested generate gates bench wheel clean setup

# This project's tools come first, so that no command has to say where they are.
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.tools/bin:$(CURDIR)/node_modules/.bin:$(PATH)
# Importing CDK without its bytecode takes seconds, each time.
unexport PYTHONDONTWRITEBYTECODE
REPORTS := build/reports

rehearse: setup
	python -m rehearsal run --approve

# Whole rehearsals need the machine for themselves.
test: setup layers
	pytest --numprocesses 2 -m "not e2e"
	pytest -m e2e

# `make -j` runs its parts side by side; the longest comes first, so that no processor idles at the end. What needs no
# layers would be ready before it: here it waits for them as well.
check: unit lint shipped lock types
ifneq ($(filter check,$(MAKECMDGOALS)),)
lock types: layers
endif

# What is shipped and what is pushed: known vulnerabilities, and secrets.
shipped: setup layers
	python -m pipeline.gates.dependencies
	python -m pipeline.gates.secrets

lint: setup layers
	ruff format --check --quiet .
	ruff check --quiet .
	lint-imports --no-cache
	python -m layers check

types: setup
	mypy

# Every push runs these, side by side with `make -j`: those that import CDK, and the others. The tests of the rehearsal
# and of the bench, which no push ships, and the slow ones, such as those of pipelines with other settings, are left to
# `make test`. CDK's own look at each template they leave to `synth`.
unit: unit-stacks unit-functions

FUNCTIONS := tests/handlers tests/layers
PUSHED := CDK_VALIDATION=false pytest -m "not e2e and not slow"

unit-stacks: setup layers
	$(PUSHED) $(addprefix --ignore=,$(FUNCTIONS) tests/rehearsal tests/bench) --junitxml=$(REPORTS)/stacks.xml

unit-functions: setup layers
	$(PUSHED) $(FUNCTIONS) --junitxml=$(REPORTS)/functions.xml

format: setup
	ruff format .
	ruff check --fix .

lock: setup
	python -m pipeline.gates.lock

layers: setup
	python -m layers build

# cdk.json has the layers built as well, which is instant by then
synth: setup layers
	cdk synth --quiet
	python -m compliance cdk.out
	python -m pipeline.gates.templates

# What the pipeline runs against a deployed stage; needs a part of the set-up only, so that it takes seconds.
integration:
	bin/setup integration
	build/integration/bin/python -m pytest tests/integration --confcutdir=tests/integration --junitxml=$(REPORTS)/integration.xml

# What a deployment would change, for the pipeline's changes job; the variables that it needs are in pipeline/changes/.
changes:
	bin/setup integration
	build/integration/bin/python -m pipeline.changes assembly build/changes

tested:
	@build/integration/bin/python -m pipeline.changes.test_summary $(REPORTS)/integration.xml

# Files that are made from code and templates and committed: JSON Schema, execution policy, tables of docs/.
generate: synth
	python -m pipeline generate

gates: setup
	pytest -m gate

bench: setup
	python -m bench
	python -m bench.scale

# The rehearsal by itself, for other projects (docs/rehearsal.md).
wheel: setup
	uv build rehearsal --wheel --quiet --out-dir build/wheel

clean:
	rm -rf build cdk.out .mypy_cache .gates_cache .ruff_cache .pytest_cache .hypothesis

setup:
	@bin/setup
