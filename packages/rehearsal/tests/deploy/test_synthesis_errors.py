"""A synthesis that fails: its error comes first, with the way on."""

from __future__ import annotations

from rehearsal.deploy.synthesis_errors import first_lines

CROSS_ACCOUNT = (
    "RuntimeError: ValidationError: Artifact Bucket must have a KMS Key to add cross-account action 'Orders.Prepare'"
    " (pipeline account: '111111111111', action account: '222222222222'). Create Pipeline with 'crossAccountKeys: true'"
)


def test_the_error_is_the_last_one_of_the_output() -> None:
    """The line that names it is printed before the command and its output; without one only these are."""
    output = (
        "  Traceback\n    KeyError: 'a'\n  ModuleNotFoundError: No module named 'stage'\n  Subprocess exited with 1"
    )
    assert first_lines(output) == "ModuleNotFoundError: No module named 'stage'\n"
    module = (
        "python3: Error while finding module specification for 'cdk.app' (ModuleNotFoundError: No module named 'cdk')"
    )
    assert first_lines(f"  {module}\n  python3 -m cdk.app: Subprocess exited with error 1") == f"{module}\n"
    assert first_lines("  Subprocess exited with 1") == ""


def test_an_account_that_the_app_names_can_be_the_default() -> None:
    """An app that names its account only for the stages synthesizes where that is the pipeline's account as well."""
    error, way_on, _ = first_lines(f"  {CROSS_ACCOUNT}\n  app.py: exited with 1").split("\n")
    assert error == CROSS_ACCOUNT
    assert 'set in rehearsal.toml: account = "222222222222", and region' in way_on


def test_an_asset_that_a_build_creates_is_not_in_head() -> None:
    """The message names the folder, and how it can be created before the synthesis."""
    _, way_on, _ = first_lines("RuntimeError: Cannot find asset at /p/.rehearsal/deploy/source/web/dist\n").split("\n")
    assert way_on.startswith(
        "HEAD does not have web/dist: where a build creates it, name the build as `build` in cdk.json"
    )
