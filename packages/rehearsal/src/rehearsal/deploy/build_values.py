"""Placeholders for missing secrets and parameters that CodeBuild projects read.

On AWS an operator creates them before the pipeline; in a rehearsal `[[prepare]]` can create them.
Source: AWS CodeBuild API reference, "EnvironmentVariable".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rehearsal.deploy.bootstrap import ReportProgress
from rehearsal.deploy.placeholders import create_missing_parameter, create_missing_secret
from rehearsal.engine.endpoint import Credentials, Endpoint
from rehearsal.json_values import items, member, text
from rehearsal.project.cloud_assembly import Assembly

_PROJECT = "AWS::CodeBuild::Project"
_CREATED = ("AWS::SecretsManager::Secret", "AWS::SSM::Parameter")


def provide_build_values(assembly: Assembly, endpoint: Endpoint, owner: Credentials, tell: ReportProgress) -> None:
    """Create the missing secrets and parameters that the pipeline's projects read by name, and report each one.

    owner: root of the pipeline's account.
    """
    secrets = endpoint.client("secretsmanager", owner, assembly.pipeline_stack.region)
    for name, keys in secrets_of_projects(assembly).items():
        if create_missing_secret(secrets, name, keys):
            tell(f"the secret {name}, which builds read, has a placeholder; on AWS it has to exist")
    parameters = endpoint.client("ssm", owner, assembly.pipeline_stack.region)
    created = _created_names(assembly)
    for name in dict.fromkeys(_values(assembly, "PARAMETER_STORE")):
        if name not in created and create_missing_parameter(parameters, name):
            tell(f"the parameter {name}, which builds read, has a placeholder; on AWS it has to exist")


def secrets_of_projects(assembly: Assembly) -> Mapping[str, list[str]]:
    """Return secret name -> JSON keys that projects read; without secrets given by ARN, which exist already."""
    secrets: dict[str, list[str]] = {}
    created = _created_names(assembly)
    for value in _values(assembly, "SECRETS_MANAGER"):
        name, _, rest = value.partition(":")
        key = rest.partition(":")[0]
        if name != "arn" and name not in created:
            keys = secrets.setdefault(name, [])
            if key and key not in keys:
                keys.append(key)
    return secrets


def _created_names(assembly: Assembly) -> set[str]:
    """The names of secrets and parameters that the app's stacks create."""
    templates = [template for stack in assembly.stacks for _, template in stack.templates()]
    resources = [resource for template in templates for resource in template.get("Resources", {}).values()]
    return {str(member(resource, "Properties", "Name")) for resource in resources if resource["Type"] in _CREATED}


def _values(assembly: Assembly, kind: str) -> Iterator[str]:
    for _, template in assembly.pipeline_stack.templates():
        for resource in template.get("Resources", {}).values():
            if resource["Type"] != _PROJECT:
                continue
            for variable in items(resource, "Properties", "Environment", "EnvironmentVariables"):
                if member(variable, "Type") == kind and (value := text(variable, "Value")):
                    yield value
