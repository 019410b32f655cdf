"""Remedies for errors of the synthesis."""

from __future__ import annotations

import pytest

from rehearsal.deploy.synthesis_errors import ways_on

CROSS_ACCOUNT = (
    "RuntimeError: ValidationError: Artifact Bucket must have a KMS Key to add cross-account action 'Orders.Prepare'"
    " (pipeline account: '111111111111', action account: '222222222222'). Create Pipeline with 'crossAccountKeys: true'"
)


def test_an_account_that_the_app_names_can_be_the_default() -> None:
    """A cross-account error suggests setting the account of the stages as the pipeline's account."""
    (way_on,) = ways_on(f"{CROSS_ACCOUNT}\napp.py: exited with 1")
    assert 'set in rehearsal.toml: account = "222222222222", and region' in way_on
    assert ways_on("KeyError: 'a'") == []


def test_an_asset_that_a_build_creates_is_not_in_head() -> None:
    """A missing asset's error names the folder, and suggests the `build` command of cdk.json or of `--app`."""
    (way_on,) = ways_on("RuntimeError: Cannot find asset at /p/.rehearsal/deploy/source/web/dist\n")
    assert way_on.startswith(
        "HEAD does not have web/dist: where a build creates it, name the build as `build` in cdk.json"
    )
    assert '`rehearse run --app "npm ci && npm run build && ' in way_on


@pytest.mark.parametrize(
    "output",
    [
        "jsii.errors.JSIIError: No context value present for stage key",
        "Error: stageName must be string\n    at strictlyGetStringContext (/p/bin/app.ts:18:11)",
        '    account = app.node.try_get_context("accounts")["dev"]\nTypeError: no subscript',
        "Error: Missing context variable: stage",
        "Error: run it with -c stage=dev",
    ],
)
def test_an_app_that_reads_context_needs_it(output: str) -> None:
    """An error of `getContext`, of code around it, or an app's own message suggests [context] of rehearsal.toml."""
    (way_on,) = ways_on(output)
    assert 'set in rehearsal.toml under [context]: KEY = "VALUE"' in way_on


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (
            "ModuleNotFoundError: No module named 'aws_cdk'",
            "does not find aws_cdk: install its requirements",
        ),
        ("ModuleNotFoundError: No module named 'lib'", "or set PYTHONPATH as for `cdk synth`"),
        ("Error: Cannot find module 'aws-cdk-lib/pipelines'\nRequire stack:", "aws-cdk-lib/pipelines: `npm ci`"),
    ],
)
def test_a_missing_package_has_to_be_installed(output: str, words: str) -> None:
    """A missing Python module or npm package names how to install it."""
    (way_on,) = ways_on(output)
    assert words in way_on


def test_a_missing_file_of_the_app_suggests_nothing() -> None:
    """Node.js names a file of the app by its path: no package is missing."""
    assert ways_on("Error: Cannot find module '../lib/stack'") == []


def test_other_contexts_suggest_nothing() -> None:
    """Node's own functions, a React context and the file with results of look-ups are not context that is missing."""
    output = "at Object.runInThisContext (node:vm:137)\nat createContext (react.js:1)\ncdk.context.json is missing"
    assert ways_on(output) == []
