# Each target runs the set-up that it needs; bin/setup is instant if everything is installed.
MAKEFLAGS += --no-print-directory
# The packages in this repository, each with its tests; a generated project has none.
PACKAGES := $(patsubst packages/%/pyproject.toml,%,$(wildcard packages/*/pyproject.toml))
.PHONY: rehearse test test-end-to-end test-suites browser soak check pages lint types unit unit-stacks unit-functions shipped format lock layers synth integration changes tested generate gates bench ministack wheel wheels release licences clean setup $(PACKAGES:%=test-%)

# The project's tools come first on the path.
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.tools/bin:$(CURDIR)/node_modules/.bin:$(PATH)
# Without bytecode, each import of CDK takes seconds.
unexport PYTHONDONTWRITEBYTECODE
REPORTS := build/reports
# Two tests at a time; those of one file in the same process, because they share what they deploy or synthesize. Files stay in
# their order, in which the slow ones are not the last.
PARALLEL := pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

# The environment of the changes and integration builds is prepared while the first minute of a run leaves a processor idle.
rehearse: setup
	@bin/setup integration &
	rehearse run --approve

# Whole rehearsals run one by one, and next to the other tests, because a rehearsal waits for two thirds of its time. So do the
# tests of the rehearsal for a third, and run before those that keep both processors busy. Each suite prints its results when it ends.
test: setup layers
	$(MAKE) --jobs 2 --output-sync=target test-end-to-end test-suites

test-end-to-end: setup layers
	pytest -m e2e

test-suites: setup layers
	$(PARALLEL) -m "not e2e and not soak"
	set -e; for package in $(filter rehearsal,$(PACKAGES)) $(filter-out rehearsal,$(PACKAGES)); do $(MAKE) test-$$package; done

$(PACKAGES:%=test-%): test-%: setup layers
	$(PARALLEL) packages/$*

# Installs Playwright; the tests of the console use it if Chromium is installed.
test-console: browser

browser: setup
	@bin/setup browser

# `make -j` runs the parts in parallel, the longest first, so that no processor idles at the end: without its cache mypy takes 30 s on
# one processor. `types` and `lock` need no layers, but wait for them here, so that the build of the layers is not slowed down.
check: types unit shipped lint lock
ifneq ($(filter check,$(MAKECMDGOALS)),)
lock types: layers
endif

# Known vulnerabilities of the packages in layers, and secrets in the source files.
shipped: setup layers
	python -m cdk_delivery.gates.dependencies
	python -m cdk_delivery.gates.secrets

lint: setup layers
	ruff format --check --quiet .
	ruff check --quiet .
	lint-imports --no-cache
	set -e; for package in $(PACKAGES); do lint-imports --no-cache --config packages/$$package/pyproject.toml; done
	lambda-layers check

# Each package has a Python package named `tests`, so that each needs a separate run of mypy. Its cache starts as a copy of the
# first run's, which has the types of the packages.
types: setup
	mypy
	set -e; for package in $(PACKAGES); do \
		test -d .mypy_cache/$$package || (mkdir .mypy_cache/$$package && cp -R .mypy_cache/[0-9]* .mypy_cache/$$package); \
		MYPYPATH=packages/$$package mypy --cache-dir .mypy_cache/$$package packages/$$package/tests; \
	done

# The tests that every push runs, in parallel with `make -j`: those that import CDK, and those of the functions. `make test` also
# runs the tests of the packages and the slow ones, such as those of pipelines with other settings. CDK's validation of templates
# runs in `synth` only.
unit: unit-stacks unit-functions

FUNCTIONS := tests/handlers
PUSHED := pytest -m "not e2e and not slow and not soak and not pages"

unit-stacks: setup layers
	$(PUSHED) $(addprefix --ignore=,$(FUNCTIONS) tests/bench tests/template) --junitxml=$(REPORTS)/stacks.xml

unit-functions: setup layers
	$(PUSHED) $(FUNCTIONS) --junitxml=$(REPORTS)/functions.xml

# Links, examples and generated tables of pages. A push that changes only pages starts no execution, so no build checks them.
pages: setup layers
	pytest -m "pages and not e2e and not slow and not soak"

format: setup
	ruff format .
	ruff check --fix .

lock: setup
	python -m cdk_delivery.gates.lock

layers: setup
	lambda-layers build

# The `build` command of cdk.json builds the layers too, which is instant then.
synth: setup layers
	cdk synth --quiet
	python -m cdk_delivery.compliance cdk.out
	python -m cdk_delivery.gates.approvals cdk.out
	python -m cdk_delivery.gates.templates

# The tests that the pipeline runs against a deployed stage. They need only a part of the set-up, which takes seconds.
integration:
	bin/setup integration
	build/integration/bin/python -m pytest tests/integration --confcutdir=tests/integration --junitxml=$(REPORTS)/integration.xml

# The report of the pipeline's changes builds; the variables that it needs are in cdk_delivery/changes/__main__.py.
changes:
	bin/setup integration
	build/integration/bin/python -m cdk_delivery.changes assembly build/changes

tested:
	@build/integration/bin/python -m cdk_delivery.changes.test_summary $(REPORTS)/integration.xml

# Committed files that are generated from code and templates: JSON Schema, execution policies, tables in docs/.
generate: synth
	delivery generate

gates: setup layers
	pytest -m gate
	set -e; for package in $(PACKAGES); do PYTHONPATH=tests pytest -p gate_table -m gate packages/$$package; done

# Only in the repository of the packages: measurements, wheels for other projects, releases.
ifneq ($(PACKAGES),)
# The slowest tests: a pipeline deployed from the last release is upgraded to the current tree; an hour of random commands to the
# rehearsal's engine, and 5,000 executions of it.
soak: setup layers
	pytest -m soak
	PACE=1 pytest -s packages/rehearsal/tests/emulator/codedeploy/test_pace.py
	ENGINE_EXAMPLES=$(ENGINE_EXAMPLES) ENGINE_EXECUTIONS=1000 pytest $(addprefix packages/rehearsal/tests/engine/,test_state_machine.py test_bounded.py)

ENGINE_EXAMPLES := 40000

bench: setup
	python -m bench
	python -m bench.scale
	cd packages/rehearsal && python -m tests.engine.bench

# Compare another version of MiniStack with the pinned one, in everything that is patched or used: make ministack VERSION=1.5.34
ministack: setup
	cd packages/rehearsal && python -m rehearsal.emulator.ministack.compare $(VERSION)

wheels wheel:
	bin/wheels dist

release: setup
	bin/release

# The licence of every package that each wheel requires.
licences: setup
	@python bin/licences $(PACKAGES)
endif

clean:
	rm -rf build dist cdk.out .mypy_cache .gates_cache .ruff_cache .pytest_cache .hypothesis

# `make setup` itself also verifies every installed file, which takes a moment.
setup:
	@bin/setup $(if $(filter setup,$(MAKECMDGOALS)),verify)
