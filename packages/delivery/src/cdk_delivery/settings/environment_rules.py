"""The rules between environments: who comes first, who shares what, and who is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cdk_delivery.settings.environment import Environment
from cdk_delivery.settings.types import settings_error

# What the pipeline's stack and its stages call their own parts; `shares_account_with` calls its account `pipeline`.
PIPELINE = "pipeline"
# Source: AWS CodePipeline API reference, "Condition": one to five rules.
MOST_RULES = 5
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


def waves[OptionsT](environments: Sequence[Environment[OptionsT]]) -> dict[str, list[Environment[OptionsT]]]:
    """Wave -> its environments; waves come in the order of their first environments."""
    found: dict[str, list[Environment[OptionsT]]] = {}
    for one in environments:
        found.setdefault(one.wave_name, []).append(one)
    return found


def check_names(environments: Sequence[Environment[Any]]) -> None:
    """Names are unique: environments, waves with environments outside them, and parts of the pipeline."""
    names = [one.name for one in environments]
    for name in [*names, *waves(environments)]:
        if name in RESERVED_NAMES:
            raise settings_error(f"environments: '{name}' is the name of a part of the pipeline; call it otherwise")
    for name in names:
        if names.count(name) > 1:
            raise settings_error(f"environments: two are named '{name}'; each needs a name of its own")
    for wave, members in waves(environments).items():
        if wave in names and wave not in {one.name for one in members}:
            raise settings_error(f"environments: the wave '{wave}' has the name of an environment that is not in it")


def check_waves(environments: Sequence[Environment[Any]]) -> None:
    """A wave has one approval for all, or none."""
    for wave, members in waves(environments).items():
        if len({one.approval for one in members}) > 1:
            asked = ", ".join(one.name for one in members if one.approval)
            raise settings_error(
                f"environments: in the wave '{wave}' an approval stands before {asked} only; a wave is deployed at "
                "once, so set `approval` for all of it, or make two waves"
            )


def check_accounts(environments: Sequence[Environment[Any]], *, pipeline: str) -> None:
    """No account of a lower wave, nor the pipeline's, is that of a higher one, unless the higher one says so."""
    known = {PIPELINE, *(one.name for one in environments)}
    for one in environments:
        if unknown := [name for name in one.shares_account_with if name not in known]:
            raise settings_error(
                f"environments: '{one.name}' has `shares_account_with: [\"{unknown[0]}\"]`, and no environment is"
                f" called so; there are {', '.join(sorted(known))}"
            )
    lower = {pipeline: [PIPELINE]}
    for members in waves(environments).values():
        for one in members:
            unsaid = [name for name in lower.get(one.account, ()) if name not in one.shares_account_with]
            if unsaid:
                raise settings_error(
                    f"environments: '{unsaid[0]}' and '{one.name}' share the account {one.account}; what goes wrong in "
                    f"'{unsaid[0]}' can reach '{one.name}'. Give it an account of its own, or allow it in so many "
                    f"words: '{one.name}' has `shares_account_with: [\"{unsaid[0]}\"]`"
                )
        for one in members:
            lower.setdefault(one.account, []).append(one.name)


def check_bake_time(environments: Sequence[Environment[Any]]) -> None:
    """A wave has no more environments with bake time than a stage's condition has rules."""
    for wave, members in waves(environments).items():
        baking = [environment.name for environment in members if environment.traffic.bake_minutes]
        if len(baking) > MOST_RULES:
            raise settings_error(
                f"environments: {len(baking)} of the wave '{wave}' have `bake_minutes`; CodePipeline checks"
                f" {MOST_RULES} rules after a stage at most: make two waves, or take it from {', '.join(baking[5:])}"
            )


def check_approvals(environments: Sequence[Environment[Any]], *, notify_nobody: bool) -> None:
    """An approval has a notice."""
    for one in environments:
        if one.approval and notify_nobody:
            raise settings_error(
                f"notify: '{one.name}' needs an approval, and nobody would hear of it; give `emails` or `endpoints`"
            )
