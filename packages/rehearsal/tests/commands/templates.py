"""The template of a tiny pipeline without CDK: a source, three builds, an approval and one more build."""

from __future__ import annotations

import copy
import json
from typing import Any

ACCOUNT, REGION, BUCKET = "111111111111", "eu-west-1", "artifacts-of-tiny"


def _role(service: str) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": service,
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [{"PolicyName": "all", "PolicyDocument": {"Version": "2012-10-17", **everything}}],
        },
    }


def project_resource(name: str, *commands: str) -> dict[str, Any]:
    buildspec = {
        "version": "0.2",
        "phases": {"build": {"commands": list(commands)}},
        "artifacts": {"files": ["**/*"]},
    }
    return {
        "Type": "AWS::CodeBuild::Project",
        "Properties": {
            "Name": name,
            "ServiceRole": f"arn:aws:iam::{ACCOUNT}:role/codebuild",
            "Source": {"Type": "CODEPIPELINE", "BuildSpec": json.dumps(buildspec)},
            "Artifacts": {"Type": "CODEPIPELINE"},
            "Environment": {
                "Type": "LINUX_CONTAINER",
                "ComputeType": "BUILD_GENERAL1_SMALL",
                "Image": "aws/codebuild/standard:8.0",
                "EnvironmentVariables": [{"Name": "COLOUR", "Value": "green"}],
            },
        },
    }


def _action(name: str, category: str, provider: str, run_order: int = 1, **more: Any) -> dict[str, Any]:
    kind = {"Category": category, "Provider": provider, "Owner": "AWS", "Version": "1"}
    return {"Name": name, "ActionTypeId": kind, "RunOrder": run_order, "Configuration": {}, **more}


def build_action(name: str, run_order: int = 1, source: str = "Code", output: str | None = None) -> dict[str, Any]:
    more = {"OutputArtifacts": [{"Name": output}]} if output else {}
    configuration = {"ProjectName": name}
    return _action(
        name, "Build", "CodeBuild", run_order, Configuration=configuration, InputArtifacts=[{"Name": source}], **more
    )


STAGES = [
    {
        "Name": "Source",
        "Actions": [
            _action(
                "Repo",
                "Source",
                "CodeStarSourceConnection",
                Configuration={
                    "ConnectionArn": f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/tiny",
                    "FullRepositoryId": "owner/tiny",
                    "BranchName": "main",
                },
                OutputArtifacts=[{"Name": "Code"}],
            )
        ],
    },
    {
        "Name": "Build",
        "Actions": [build_action("Compile", output="Compiled"), build_action("Lint"), build_action("Pack", 2)],
    },
    {"Name": "Gate", "Actions": [_action("Approve", "Approval", "Manual")]},
    {"Name": "Ship", "Actions": [build_action("Send", source="Compiled")]},
]
TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": BUCKET}},
        "PipelineRole": _role("codepipeline"),
        "BuildRole": _role("codebuild"),
        # each build runs a script of the source, so that a push can change its commands
        **{
            name: project_resource(name, f"echo {name} begins", f"! test -f {name}.sh || sh {name}.sh")
            for name in ("Compile", "Lint", "Pack", "Send")
        },
        "Pipeline": {
            "Type": "AWS::CodePipeline::Pipeline",
            "Properties": {
                "Name": "tiny",
                "PipelineType": "V2",
                "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/codepipeline",
                "ArtifactStore": {"Type": "S3", "Location": BUCKET},
                "Stages": STAGES,
            },
        },
    }
}


def with_one_build(name: str, **properties: Any) -> dict[str, Any]:
    """Return the template with a smaller pipeline: its source, and one of its builds."""
    template = copy.deepcopy(TEMPLATE)
    pipeline = template["Resources"]["Pipeline"]["Properties"]
    source, build, *_ = pipeline["Stages"]
    actions = [action for action in build["Actions"] if action["Name"] == name]
    pipeline |= {"Stages": [source, {"Name": "Build", "Actions": actions}], **properties}
    return template
