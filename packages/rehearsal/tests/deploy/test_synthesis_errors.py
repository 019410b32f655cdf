"""Remedies for errors of the synthesis."""

from __future__ import annotations

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
    """A missing asset's error names the folder, and suggests the `build` command of cdk.json."""
    (way_on,) = ways_on("RuntimeError: Cannot find asset at /p/.rehearsal/deploy/source/web/dist\n")
    assert way_on.startswith(
        "HEAD does not have web/dist: where a build creates it, name the build as `build` in cdk.json"
    )
