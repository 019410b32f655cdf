# Each target sets up what it needs; bin/setup is instant when there is nothing to do.
MAKEFLAGS += --no-print-directory
# What the project is built with, each with its tests; a project that was generated from this one has none here.
PACKAGES := $(patsubst packages/%/pyproject.toml,%,$(wildcard packages/*/pyproject.toml))
.PHONY: rehearse test browser soak check pages lint types unit unit-stacks unit-functions shipped format lock layers synth integration changes tested generate gates bench ministack wheel wheels release licences clean setup $(PACKAGES:%=test-%)

# This project's tools come first, so that no command has to say where they are.
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.tools/bin:$(CURDIR)/node_modules/.bin:$(PATH)
# Importing CDK without its bytecode takes seconds, each time.
unexport PYTHONDONTWRITEBYTECODE
REPORTS := build/reports

rehearse: setup
	rehearse run --approve

# Whole rehearsals come last: one worker has those of this project, the other that of a generated one.
test: setup layers
	pytest --numprocesses 2 -m "not e2e and not soak"
	set -e; for package in $(PACKAGES); do $(MAKE) test-$$package; done
	pytest -m e2e --numprocesses 2 --dist loadgroup

$(PACKAGES:%=test-%): test-%: setup layers
	pytest packages/$* --numprocesses 2

# What drives Chromium; the tests of the console use it where Chromium is installed.
test-console: browser

browser: setup
	@bin/setup browser

# `make -j` runs its parts side by side; the longest comes first, so that no processor idles at the end. What needs no
# layers would be ready before it: here it waits for them as well.
check: unit lint shipped lock types
ifneq ($(filter check,$(MAKECMDGOALS)),)
lock types: layers
endif

# What is shipped and what is pushed: known vulnerabilities, and secrets.
shipped: setup layers
	python -m cdk_delivery.gates.dependencies
	python -m cdk_delivery.gates.secrets

lint: setup layers
	ruff format --check --quiet .
	ruff check --quiet .
	lint-imports --no-cache
	set -e; for package in $(PACKAGES); do lint-imports --no-cache --config packages/$$package/pyproject.toml; done
	lambda-layers check

# The tests of every package are modules named `tests`, so each package has a run of its own. Its cache begins as a copy of the
# first run's, which has read the packages already.
types: setup
	mypy
	set -e; for package in $(PACKAGES); do \
		test -d .mypy_cache/$$package || (mkdir .mypy_cache/$$package && cp -R .mypy_cache/[0-9]* .mypy_cache/$$package); \
		MYPYPATH=packages/$$package mypy --cache-dir .mypy_cache/$$package packages/$$package/tests; \
	done

# Every push runs these, in parallel with `make -j`: those that import CDK, and those of the functions. The tests of the
# packages, and the slow ones, such as those of pipelines with other settings, are left to `make test`. CDK's own
# validation of each template is left to `synth`.
unit: unit-stacks unit-functions

FUNCTIONS := tests/handlers
PUSHED := CDK_VALIDATION=false pytest -m "not e2e and not slow and not soak and not pages"

unit-stacks: setup layers
	$(PUSHED) $(addprefix --ignore=,$(FUNCTIONS) tests/bench tests/template) --junitxml=$(REPORTS)/stacks.xml

unit-functions: setup layers
	$(PUSHED) $(FUNCTIONS) --junitxml=$(REPORTS)/functions.xml

# What pages say: links, examples, generated tables. A push of pages alone starts no run, so no build checks them.
pages: setup layers
	CDK_VALIDATION=false pytest -m "pages and not e2e and not slow and not soak"

format: setup
	ruff format .
	ruff check --fix .

lock: setup
	python -m cdk_delivery.gates.lock

layers: setup
	lambda-layers build

# cdk.json has the layers built as well, which is instant by then
synth: setup layers
	cdk synth --quiet
	python -m cdk_delivery.compliance cdk.out
	python -m cdk_delivery.gates.approvals cdk.out
	python -m cdk_delivery.gates.templates

# What the pipeline runs against a deployed stage; needs a part of the set-up only, so that it takes seconds.
integration:
	bin/setup integration
	build/integration/bin/python -m pytest tests/integration --confcutdir=tests/integration --junitxml=$(REPORTS)/integration.xml

# What a deployment would change, for the pipeline's changes job; the variables that it needs are in cdk_delivery.changes.
changes:
	bin/setup integration
	build/integration/bin/python -m cdk_delivery.changes assembly build/changes

tested:
	@build/integration/bin/python -m cdk_delivery.changes.test_summary $(REPORTS)/integration.xml

# Files that are made from code and templates and committed: JSON Schema, execution policy, tables of docs/.
generate: synth
	delivery generate

gates: setup layers
	pytest -m gate
	set -e; for package in $(PACKAGES); do PYTHONPATH=tests pytest -p gate_table -m gate packages/$$package; done

# What only the repository of the packages does: measurements, wheels for other projects, releases.
ifneq ($(PACKAGES),)
# What takes long: a pipeline that was deployed from the last release takes the present tree; an hour of random commands to
# the rehearsal's engine, and five thousand executions of it.
soak: setup layers
	pytest -m soak
	ENGINE_EXAMPLES=$(ENGINE_EXAMPLES) ENGINE_EXECUTIONS=1000 pytest $(addprefix packages/rehearsal/tests/engine/,test_state_machine.py test_bounded.py)

ENGINE_EXAMPLES := 40000

bench: setup
	python -m bench
	python -m bench.scale
	cd packages/rehearsal && python -m tests.engine.bench

# What another version of MiniStack changes in what is patched or used here: make ministack VERSION=1.5.34
ministack: setup
	cd packages/rehearsal && python -m rehearsal.emulator.ministack.compare $(VERSION)

wheels wheel:
	bin/wheels dist

release: setup
	bin/release

# The licence of every package that each wheel pulls in.
licences: setup
	@python bin/licences $(PACKAGES)
endif

clean:
	rm -rf build dist cdk.out .mypy_cache .gates_cache .ruff_cache .pytest_cache .hypothesis

# Named by itself it compares every file too, which takes a moment.
setup:
	@bin/setup $(if $(filter setup,$(MAKECMDGOALS)),verify)
