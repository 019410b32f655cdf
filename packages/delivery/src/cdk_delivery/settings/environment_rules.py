"""Rules between environments: their names, waves, accounts, bake times and approvals."""

from __future__ import annotations

from collections.abc import Sequence

from cdk_delivery.settings.environment import Environment
from cdk_delivery.settings.types import settings_error

# The pipeline's account in `shares_account_with`.
PIPELINE = "pipeline"
# Names that the pipeline's stack and stages use themselves.
RESERVED_NAMES = (
    PIPELINE,
    "artifacts",
    "assets",
    "build",
    "notices",
    "pushed",
    "repository",
    "source",
    "updatepipeline",
)
# Source: AWS CodePipeline API reference, "Condition": one to five rules.
MOST_RULES = 5


def waves[OptionsT](environments: Sequence[Environment[OptionsT]]) -> dict[str, list[Environment[OptionsT]]]:
    """Return wave -> its environments, in the order of the waves' first environments."""
    waves_by_name: dict[str, list[Environment[OptionsT]]] = {}
    for environment in environments:
        waves_by_name.setdefault(environment.wave_name, []).append(environment)
    return waves_by_name


def check_names[OptionsT](environments: Sequence[Environment[OptionsT]]) -> None:
    """Reject a name that two environments have, or a part of the pipeline, or a wave and an environment outside it."""
    names = [environment.name for environment in environments]
    for name in [*names, *waves(environments)]:
        if name in RESERVED_NAMES:
            raise settings_error(f"environments: '{name}' is the name of a part of the pipeline; choose another")
    for name in names:
        if names.count(name) > 1:
            raise settings_error(f"environments: two are named '{name}'; each needs a name of its own")
    for wave, members in waves(environments).items():
        if wave in names and wave not in {environment.name for environment in members}:
            raise settings_error(f"environments: the wave '{wave}' has the name of an environment that is not in it")


def check_waves[OptionsT](environments: Sequence[Environment[OptionsT]]) -> None:
    """Reject a wave where only some of the environments need an approval."""
    for wave, members in waves(environments).items():
        if len({environment.approval for environment in members}) > 1:
            approved = ", ".join(environment.name for environment in members if environment.approval)
            raise settings_error(
                f"environments: in the wave '{wave}' only {approved} has `approval`; a wave is deployed concurrently,"
                " so set `approval` for all of it, or make two waves"
            )


def check_accounts[OptionsT](environments: Sequence[Environment[OptionsT]], *, pipeline: str) -> None:
    """Reject an account of a lower wave or of the pipeline, unless `shares_account_with` of the higher one names it."""
    known = {PIPELINE, *(environment.name for environment in environments)}
    for environment in environments:
        if unknown := [name for name in environment.shares_account_with if name not in known]:
            raise settings_error(
                f"environments: '{environment.name}' has `shares_account_with: [\"{unknown[0]}\"]`, and no environment"
                f" is called so; there are {', '.join(sorted(known))}"
            )
    lower = {pipeline: [PIPELINE]}
    for members in waves(environments).values():
        for environment in members:
            undeclared = [
                name for name in lower.get(environment.account, ()) if name not in environment.shares_account_with
            ]
            if undeclared:
                raise settings_error(
                    f"environments: '{undeclared[0]}' and '{environment.name}' share the account {environment.account};"
                    f" what goes wrong in '{undeclared[0]}' can reach '{environment.name}'. Give it a separate account,"
                    f" or allow it: '{environment.name}' has `shares_account_with: [\"{undeclared[0]}\"]`"
                )
        for environment in members:
            lower.setdefault(environment.account, []).append(environment.name)


def check_bake_time[OptionsT](environments: Sequence[Environment[OptionsT]]) -> None:
    """Reject a wave with more bake times than a stage's condition can have rules."""
    for wave, members in waves(environments).items():
        baking = [environment.name for environment in members if environment.traffic.bake_minutes]
        if len(baking) > MOST_RULES:
            raise settings_error(
                f"environments: {len(baking)} of the wave '{wave}' have `bake_minutes`; CodePipeline checks"
                f" {MOST_RULES} rules after a stage at most: make two waves, or take it from {', '.join(baking[5:])}"
            )


def check_approvals[OptionsT](environments: Sequence[Environment[OptionsT]], *, has_subscribers: bool) -> None:
    """Reject an approval without a subscriber who is notified of it."""
    for environment in environments:
        if environment.approval and not has_subscribers:
            raise settings_error(
                f"notify: '{environment.name}' needs an approval, and no subscriber would be notified; give `emails` or"
                " `endpoints`"
            )
