"""The pipeline's triggers and its execution mode."""

from typing import Any

import pytest
from aws_cdk.assertions import Template

from cdk_delivery.constructs.project_files import Project
from tests.synthesis import Synthesized, pipeline_of, synthesize

CODECOMMIT = {"type": "codecommit", "repository": "shop"}
S3 = {"type": "s3", "bucket": "pushes", "key": "source.zip"}


def test_a_documentation_change_starts_nothing(synthesized: Synthesized) -> None:
    """The trigger filters by branch and file paths, and is the only start of the pipeline."""
    properties = pipeline_of(synthesized.pipeline)
    (trigger,) = properties["Triggers"]
    assert trigger["GitConfiguration"] == {
        "SourceActionName": "Source",
        "Push": [{"Branches": {"Includes": ["main"]}, "FilePaths": {"Excludes": ["docs/**", "*.md", "**/*.md"]}}],
    }
    (source,) = properties["Stages"][0]["Actions"]
    assert (source["Name"], source["Configuration"]["DetectChanges"]) == ("Source", False)


@pytest.mark.slow
def test_without_ignored_paths_every_push_starts_it(context: dict[str, Any], project: Project) -> None:
    """Without ignored paths the trigger has no path filter, since CloudFormation rejects an empty one."""
    template = synthesize(context, project, lambda settings: settings["source"].update(ignored_paths=[]))
    (trigger,) = pipeline_of(template)["Triggers"]
    assert trigger["GitConfiguration"]["Push"] == [{"Branches": {"Includes": ["main"]}}]


@pytest.mark.slow
@pytest.mark.parametrize(("source", "provider"), [(CODECOMMIT, "CodeCommit"), (S3, "S3")])
def test_other_sources_start_it_by_an_event(
    context: dict[str, Any], project: Project, source: dict[str, str], provider: str
) -> None:
    """CodeCommit and S3 neither poll nor have a trigger."""
    template = synthesize(context, project, lambda settings: settings.update(source=source))
    (action,) = pipeline_of(template)["Stages"][0]["Actions"]
    assert action["ActionTypeId"]["Provider"] == provider
    assert action["Configuration"]["PollForSourceChanges"] is False
    assert "Triggers" not in pipeline_of(template)
    rules = [resource["Properties"] for resource in template.find_resources("AWS::Events::Rule").values()]
    (targets,) = (rule["Targets"] for rule in rules if rule["EventPattern"]["source"] == [f"aws.{provider.lower()}"])
    assert [target["RoleArn"]["Fn::GetAtt"][0].startswith("PushedRole") for target in targets] == [True]


@pytest.mark.slow
def test_a_push_to_another_branch_of_codecommit_starts_nothing(context: dict[str, Any], project: Project) -> None:
    """The event's pattern has the repository and the branch."""
    source = CODECOMMIT | {"branch": "release"}
    template = synthesize(context, project, lambda settings: settings.update(source=source))
    rules = [
        resource["Properties"]["EventPattern"] for resource in template.find_resources("AWS::Events::Rule").values()
    ]
    (pushed,) = (rule for rule in rules if rule["source"] == ["aws.codecommit"])
    assert pushed["resources"] == ["arn:aws:codecommit:eu-west-1:111111111111:shop"]
    assert pushed["detail"] == {"event": ["referenceCreated", "referenceUpdated"], "referenceName": ["release"]}


@pytest.mark.slow
@pytest.mark.parametrize("execution", ["superseded", "queued"])
def test_the_execution_mode_is_a_setting(context: dict[str, Any], project: Project, execution: str) -> None:
    """The setting `execution` selects the pipeline's execution mode, SUPERSEDED or QUEUED."""
    template = synthesize(context, project, lambda settings: settings.update(execution=execution))
    assert pipeline_of(template)["ExecutionMode"] == execution.upper()


def test_the_source_role_can_use_one_connection(synthesized: Synthesized) -> None:
    """The action is allowed with the old service prefix and with the new one, since AWS checks either."""
    text = synthesized.pipeline.to_json()["Resources"].values()
    documents = [r["Properties"]["PolicyDocument"] for r in text if r["Type"] == "AWS::IAM::Policy"]
    using = [s for d in documents for s in d["Statement"] if "UseConnection" in str(s["Action"])]
    arns = {str(statement["Resource"]) for statement in using}
    actions = {action for s in using for action in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])}
    assert len(arns) == 1
    assert actions == {"codestar-connections:UseConnection", "codeconnections:UseConnection"}


@pytest.mark.slow
def test_only_pushes_of_the_branch_start_it(context: dict[str, Any], project: Project) -> None:
    """The trigger's branch is a setting, here not main."""
    template: Template = synthesize(context, project, lambda settings: settings["source"].update(branch="release"))
    (trigger,) = pipeline_of(template)["Triggers"]
    assert trigger["GitConfiguration"]["Push"][0]["Branches"] == {"Includes": ["release"]}
