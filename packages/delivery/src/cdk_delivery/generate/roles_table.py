"""The table of roles: each role of the templates, its principals, its permissions and its purpose."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from cdk_delivery.changes.policy_documents import as_list
from cdk_delivery.cloud_assembly import Resource, stack_artifacts
from cdk_delivery.errors import WrongUse
from cdk_delivery.generate.page import Marks
from cdk_delivery.json_values import items, mapping

MARKS = Marks("<!-- roles: made by `make generate` -->", "<!-- end of roles -->")

# Pattern of logical ids without hash -> why a pipeline has such a role.
PIPELINE_ROLES: Mapping[str, str] = {
    "PipelineRole": "CodePipeline's own: passes artifacts on, starts builds, and deploys through the bootstrap's roles",
    "PushedRole": "lets the event of a push start the pipeline",
    "NoticesNotifierRole": "looks up an execution and those that it can be rolled back to, and writes the notice",
    "SynthRole": "the Synth build: reads the push, writes the assembly; no account is open to it",
    "PipelineUpdatePipelineSelfMutationRole": "the pipeline's update of itself, through the bootstrap's roles",
    "PipelineAssetsFileRole": "publishes assets, through the bootstrap's publishing roles",
    "ChangesRole": "compares with what is deployed in each environment, through the reader role there",
    "TrafficServiceRole": "CodeDeploy's: shifts the traffic of the aliases of its stack",
    "TrafficCheckerRole": "checks a new version before and after it gets traffic",
    "BakeRole": "lets the pipeline read the alarm of the bake time",
    r"\w+TestRole": "the tests of one environment, through one role there",
}
FUNCTION = "a function's role"


def table(assembly: Path, purposes: Mapping[str, str]) -> str:
    """Return the table. Roles of several stacks that have the same name, principals and permissions share a row.

    purposes: pattern of logical ids -> why the project's stacks have the role. Raises WrongUse for a role without a
    purpose.
    """
    rows: dict[tuple[str, str, str], list[str]] = {}
    for stack in stack_artifacts(assembly):
        where = stack.assembly.rpartition("-")[2].lower() or "pipeline"
        for row in _roles(json.loads(stack.template.read_text())["Resources"], purposes):
            rows.setdefault(row, []).append(where)
    lines = ["| Role | In | Who may assume it | What it may do | Why |", "|---|---|---|---|---|"]
    for (role, who, what), places in rows.items():
        lines.append(f"| {role} | {', '.join(dict.fromkeys(places))} | {who} | {what} | {_purpose(role, purposes)} |")
    return "\n".join(lines) + "\n"


def _roles(resources: Mapping[str, Resource], purposes: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for id_, resource in resources.items():
        if resource["Type"] == "AWS::IAM::Role":
            statements = items(resource, "Properties", "AssumeRolePolicyDocument", "Statement")
            who = sorted({name for statement in statements for name in _principals(mapping(statement, "Principal"))})
            name = _without_hash(id_)
            if who == ["lambda"] and name not in PIPELINE_ROLES and _match(name, purposes) is None:
                name = FUNCTION
            yield name, ", ".join(who), _actions(id_, resource, resources)


def _principals(principal: Mapping[str, object]) -> Iterator[str]:
    for names in principal.values():
        for name in names if isinstance(names, list) else [names]:
            yield _short_resource(_text(name))


def _actions(id_: str, role: Resource, resources: Mapping[str, Resource]) -> str:
    attached = {_text(arn) for arn in items(role, "Properties", "ManagedPolicyArns")}
    actions: dict[str, None] = {}
    for policy_id, policy in resources.items():
        if policy["Type"] not in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            continue
        if policy_id in attached or id_ in map(_text, items(policy, "Properties", "Roles")):
            for statement in items(policy, "Properties", "PolicyDocument", "Statement"):
                actions |= dict.fromkeys(_statement(mapping(statement), resources))
    return "; ".join(actions) or "nothing"


def _statement(statement: Mapping[str, object], resources: Mapping[str, Resource]) -> Iterator[str]:
    """Yield the actions of each service and their resources: by type if they are of this stack, else by name."""
    types = {id_: resource["Type"].removeprefix("AWS::").replace("::", " ") for id_, resource in resources.items()}
    actions = [str(action) for action in as_list(statement["Action"])]
    targets = as_list(statement["Resource"])
    on = ", ".join(dict.fromkeys(_short_resource(_text(target, types)) for target in targets))
    limited = " (conditions)" if statement.get("Condition") else ""
    for service in dict.fromkeys(action.split(":")[0] for action in actions):
        verbs = ", ".join(action.split(":")[1] for action in actions if action.startswith(f"{service}:"))
        yield f"{service}: {verbs} on `{on}`{limited}"


def _text(value: object, names: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return a value as text; `{"Fn::GetAtt": ["Queue", "Arn"]}` becomes the name of Queue in `names`, or Queue."""
    if isinstance(value, str):
        return value
    match value:
        case {"Ref": str(id_)} | {"Fn::GetAtt": [str(id_), *_]}:
            return names.get(id_, id_)
        case {"Fn::Sub": text}:
            return str(text).replace("${AWS::Partition}", "aws")
        case {"Fn::Join": [str(separator), [*parts]]}:
            return separator.join(_text(part, names) for part in parts)
    return json.dumps(value)


def _short_resource(text: str) -> str:
    """Return the resource part of an ARN, without the hash at the end of logical ids."""
    plain = text.replace("AWS::Partition", "aws").removesuffix(".amazonaws.com")
    arn = re.fullmatch(r"arn:aws:([\w-]*):[^:]*:([^:]*):(.*)", plain)
    if arn and arn[1] == "iam" and arn[3] == "root":
        return f"account {arn[2]}"
    return _without_hash(arn[3] if arn else plain)


def _without_hash(logical_id: str) -> str:
    return re.sub(r"(?<=[a-z])[0-9A-F]{8}(?![0-9A-Za-z])", "", logical_id)


def _purpose(role: str, purposes: Mapping[str, str]) -> str:
    if role == FUNCTION:
        return "what one function does, and nothing that CDK would add"
    purpose = _match(role, purposes) or _match(role, PIPELINE_ROLES)
    if purpose is None:
        raise WrongUse(f"{role}: why is there such a role? Say it in pyproject.toml [tool.delivery.roles]")
    return purpose


def _match(role: str, purposes: Mapping[str, str]) -> str | None:
    return next((purpose for pattern, purpose in purposes.items() if re.fullmatch(pattern, role)), None)
