"""Disabled transitions between a pipeline's stages."""

from __future__ import annotations

from rehearsal.deploy.deployment import Deployment

# Without the stage's name, which may have an underscore: the API's pattern for a reason does not allow it.
DISABLED_REASON = "a rehearsal ends before this stage"


def disabled_transitions(deployed: Deployment) -> dict[str, str]:
    """Return stage -> the reason for which the transition into it is disabled."""
    transitions = {
        stage["stageName"]: stage.get("inboundTransitionState", {})
        for stage in deployed.api().get_pipeline_state(name=deployed.key.name)["stageStates"]
    }
    return {
        stage: transition.get("disabledReason", "")
        for stage, transition in transitions.items()
        if not transition.get("enabled", True)
    }
