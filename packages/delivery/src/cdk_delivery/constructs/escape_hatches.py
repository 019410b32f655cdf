"""Escape hatches for features of V2 pipelines that CDK Pipelines has no properties for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from aws_cdk import aws_codepipeline as codepipeline


def add_triggers(pipeline: codepipeline.Pipeline, triggers: Sequence[Mapping[str, object]]) -> None:
    """Add `triggers` that start the pipeline. Call it after `build_pipeline()`."""
    if triggers:
        pipeline_resource(pipeline).add_property_override("Triggers", triggers)


def roll_back_on_failure(pipeline: codepipeline.Pipeline, stages: Collection[str]) -> None:
    """Roll each of `stages` back to its last successful execution when it fails. Call it after `build_pipeline()`.

    Source: AWS CodePipeline user guide, "Configure a stage for automatic rollback".
    """
    for number, stage in enumerate(pipeline.stages):
        if stage.stage_name in stages:
            pipeline_resource(pipeline).add_property_override(f"Stages.{number}.OnFailure", {"Result": "ROLLBACK"})


def add_success_conditions(
    pipeline: codepipeline.Pipeline, rules: Mapping[str, Sequence[Mapping[str, object]]]
) -> None:
    """Check rules after a stage succeeds, and roll it back if one fails. Call it after `build_pipeline()`.

    rules: name of a stage -> its rules. Source: AWS CodePipeline user guide, "Configure conditions for a stage".
    """
    for number, stage in enumerate(pipeline.stages):
        if checked := rules.get(stage.stage_name):
            condition = {"Result": "ROLLBACK", "Rules": list(checked)}
            pipeline_resource(pipeline).add_property_override(f"Stages.{number}.OnSuccess", {"Conditions": [condition]})


def ignore_cfn_lint_rule(pipeline: codepipeline.Pipeline) -> None:
    """Ignore E3703 of cfn-lint, which rejects an action's RoleArn in a pipeline with several regions."""
    pipeline_resource(pipeline).add_metadata("cfn-lint", {"config": {"ignore_checks": ["E3703"]}})


def pipeline_resource(pipeline: codepipeline.Pipeline) -> codepipeline.CfnPipeline:
    """Return the resource of the template."""
    resource = pipeline.node.default_child
    if not isinstance(resource, codepipeline.CfnPipeline):
        raise TypeError(f"{pipeline.node.path} is not made of a pipeline")
    return resource
