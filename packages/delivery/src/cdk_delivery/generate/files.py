"""Committed files that are generated from the code and the assembly: policies, JSON Schema, tables in pages."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from cdk_delivery.access import policies
from cdk_delivery.access.policy_files import PolicyFiles
from cdk_delivery.access.resource_schemas import resource_schema
from cdk_delivery.access.role_names import environment_role_names, environment_stack_names, pipeline_role_names
from cdk_delivery.changes import reader_role
from cdk_delivery.changes.policy_statements import PolicyDocument
from cdk_delivery.cloud_assembly import Resource, is_assembly, stack_artifacts, template_files
from cdk_delivery.errors import WrongUse
from cdk_delivery.generate import costs_table, roles_table
from cdk_delivery.generate.page import replace_table
from cdk_delivery.json_values import items, text
from cdk_delivery.project_config import read_config
from cdk_delivery.settings import json_schema
from cdk_delivery.settings.options import settings_type

_CUSTOM_RESOURCES = ("Custom::", "AWS::CloudFormation::CustomResource")


def write(root: Path) -> None:
    """Write every file, remove policies that are no longer generated. Raises WrongUse if cdk.out has no assembly."""
    assembly = root / "cdk.out"
    if not is_assembly(assembly):
        raise WrongUse(f"there is no assembly in {assembly}; `make synth` writes it")
    files = generated_files(root, assembly)
    for path in PolicyFiles.of(root).stale(files):
        (root / path).unlink()
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)


def generated_files(root: Path, assembly: Path) -> Mapping[str, str]:
    """Return each path below `root` with its content, generated from an assembly. Raises WrongUse."""
    config = read_config(root)
    access, pages = PurePosixPath(config.access), config.pages
    documents = {
        **pipeline_policies(assembly, config.other_pipelines),
        **environment_policies(assembly),
        reader_role.POLICY: reader_role.reader_policy(environment_stack_names(assembly)),
        "boundary": policies.boundary_policy(),
    }
    files = {
        json_schema.FILE: json_schema.text(settings_type(root, config)),
        f"{access}/create_only.json": _json(create_only(assembly)),
        **{f"{access}/{name}.json": _json(document) for name, document in documents.items()},
    }
    if pages.security:
        files[pages.security] = replace_table(
            root, pages.security, roles_table.MARKS, roles_table.table(assembly, config.roles)
        )
    if pages.costs:
        files[pages.costs] = replace_table(
            root, pages.costs, costs_table.MARKS, costs_table.table(root / config.prices)
        )
    return files


def pipeline_policies(assembly: Path, other_pipelines: Collection[str]) -> Mapping[str, PolicyDocument]:
    """Return the execution policies of the pipeline's account, for its stack and its support stacks."""
    files = [stack.template for stack in stack_artifacts(assembly) if not stack.in_stage]
    types, names = {*_types(files), *policies.SUPPORT_STACK_TYPES}, pipeline_role_names(assembly, other_pipelines)
    return policies.execution_policies("pipeline", types, passed_to=_trusted_services(files), names=names)


def environment_policies(assembly: Path) -> Mapping[str, PolicyDocument]:
    """Return the execution policies of an environment's account, for the stacks of its stages."""
    files = [stack.template for stack in stack_artifacts(assembly) if stack.in_stage]
    return policies.execution_policies(
        "environment",
        _types(files),
        passed_to=_trusted_services(files),
        names=environment_role_names(assembly),
        called=_custom_resource_functions(files),
    )


def create_only(assembly: Path) -> Mapping[str, list[str]]:
    """Return type -> the properties whose change replaces a resource, from cfn-lint's resource schemas."""
    return {kind: _create_only_properties(kind) for kind in resource_types(assembly)}


def _create_only_properties(kind: str) -> list[str]:
    return sorted({path.split("/")[2] for path in resource_schema(kind).get("createOnlyProperties", [])})


def resource_types(assembly: Path) -> list[str]:
    """Return the types of all resources of an assembly, of nested assemblies too, without CDK's and custom ones."""
    return _types(template_files(assembly))


def _types(files: Iterable[Path]) -> list[str]:
    types = {resource["Type"] for resource in _resources(files)}
    return sorted(kind for kind in types if not kind.startswith(("AWS::CDK::", "Custom::")))


def _custom_resource_functions(files: Iterable[Path]) -> set[str]:
    """Return the logical ids of the functions of custom resources."""
    custom = [resource for resource in _resources(files) if resource["Type"].startswith(_CUSTOM_RESOURCES)]
    references = [items(resource, "Properties", "ServiceToken", "Fn::GetAtt") for resource in custom]
    return {str(reference[0]) for reference in references if reference}


def _trusted_services(files: Iterable[Path]) -> set[str]:
    """Return the services that roles of the templates trust."""
    roles = [resource for resource in _resources(files) if resource["Type"] == "AWS::IAM::Role"]
    trusts = [items(role, "Properties", "AssumeRolePolicyDocument", "Statement") for role in roles]
    return {text(statement, "Principal", "Service") for trust in trusts for statement in trust} - {""}


def _resources(files: Iterable[Path]) -> Iterator[Resource]:
    """Yield the resources of the templates."""
    for file in files:
        yield from json.loads(file.read_text())["Resources"].values()


def _json(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"
