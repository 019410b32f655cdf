"""Which actions CloudFormation needs for a resource: the `handlers` of the resource schemas that cfn-lint ships.

A handler names every action that it may need, also those for properties that a template leaves out. What it surely
needs is the action that makes or removes the thing itself: the one whose verb and noun say so. Which action changes it
depends on the property: where an action's name says which (UpdateFunctionCode), that one; else one has to be allowed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from rehearsal.emulator.iam.cfnlint_data import resource_schema

# Beginnings of action names, the most telling first.
_READS = ("Get", "List", "Describe", "Tag", "Untag", "AddTags", "RemoveTags")
_VERBS = {
    "create": ("Create", "Publish", "Register", "Allocate", "Run", "Post", "Put", "Add", "Subscribe", "Set", "Attach"),
    "delete": ("Delete", "Remove", "Deregister", "Release", "Terminate", "Unsubscribe", "Schedule", "Set", "Detach"),
}
_CHANGES = (
    "Update",
    "Modify",
    "Put",
    "Set",
    "Attach",
    "Detach",
    "Add",
    "Remove",
    "Enable",
    "Disable",
    "Associate",
    "Tag",
)
# Types whose schema names no actions. Source: AWS service authorization reference.
_ACTIONS_MISSING_IN_SCHEMAS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "AWS::ApiGateway::Account": {key: ["apigateway:PATCH"] for key in ("create", "update", "delete")},
    "AWS::AppConfig::Deployment": {"create": ["appconfig:StartDeployment"], "delete": ["appconfig:StopDeployment"]},
    "AWS::AppSync::GraphQLSchema": {key: ["appsync:StartSchemaCreation"] for key in ("create", "update")},
    "AWS::CertificateManager::Certificate": {
        "create": ["acm:RequestCertificate"],
        "update": ["acm:UpdateCertificateOptions"],
        "delete": ["acm:DeleteCertificate"],
    },
    "AWS::CodeBuild::Project": {
        "create": ["codebuild:CreateProject", "iam:PassRole"],
        "update": ["codebuild:UpdateProject", "iam:PassRole"],
        "delete": ["codebuild:DeleteProject"],
    },
    "AWS::DocDB::DBCluster": {
        "create": ["rds:CreateDBCluster"],
        "update": ["rds:ModifyDBCluster"],
        "delete": ["rds:DeleteDBCluster"],
    },
    "AWS::DocDB::DBInstance": {
        "create": ["rds:CreateDBInstance"],
        "update": ["rds:ModifyDBInstance"],
        "delete": ["rds:DeleteDBInstance"],
    },
    "AWS::EC2::SubnetRouteTableAssociation": {
        "create": ["ec2:AssociateRouteTable"],
        "update": ["ec2:ReplaceRouteTableAssociation"],
        "delete": ["ec2:DisassociateRouteTable"],
    },
    "AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption": {
        "create": ["kinesisanalytics:AddApplicationCloudWatchLoggingOption"],
        "update": ["kinesisanalytics:UpdateApplication"],
        "delete": ["kinesisanalytics:DeleteApplicationCloudWatchLoggingOption"],
    },
    "AWS::Route53::RecordSet": {key: ["route53:ChangeResourceRecordSets"] for key in ("create", "update", "delete")},
}


def required_actions(resource_type: str, operation: str) -> list[str]:
    """The actions of which one is surely needed for `operation`: create, update or delete. None for an unknown type."""
    named = [each for each in handler_permissions(resource_type, operation) if not each.startswith("iam:PassRole")]
    if resource_type in _ACTIONS_MISSING_IN_SCHEMAS:
        return named
    own = [each for each in own_actions(resource_type, named) if not each.partition(":")[2].startswith(_READS)]
    if operation == "update":
        return _update_actions(resource_type, own)
    for verb in _VERBS[operation]:
        best = [each for each in own if each.partition(":")[2].lower().startswith(verb.lower())]
        if best:
            exact = [each for each in best if _noun(each, verb) == resource_type.rpartition("::")[2].lower()]
            return exact or sorted(best, key=lambda each: "Role" not in each)
    return []


def own_actions(resource_type: str, actions: Sequence[str]) -> list[str]:
    """Return the actions of the type's own service."""
    return [action for action in actions if action.startswith(f"{_service(resource_type, actions)}:")]


def _update_actions(resource_type: str, own: Sequence[str]) -> list[str]:
    """Where one action updates the type by its name, as UpdatePipeline does, those with the noun; else all."""
    noun = resource_type.rpartition("::")[2]
    names = {each: each.partition(":")[2] for each in own}
    named = [each for each, name in names.items() if noun.lower() in name.lower() and name.startswith(_CHANGES)]
    return named if {f"Update{noun}", f"Put{noun}", f"Modify{noun}"} & {*names.values()} else list(own)


def actions_for_properties(resource_type: str, properties: Collection[str]) -> list[str]:
    """The actions whose names say that they change one of `properties`, such as lambda:UpdateFunctionCode for Code."""
    noun, changed = resource_type.rpartition("::")[2], {each.lower() for each in properties}
    found = []
    for action in required_actions(resource_type, "update"):
        verb = next((each for each in _CHANGES if action.partition(":")[2].startswith(each)), "")
        what = action.partition(":")[2].removeprefix(verb)
        if verb and changed & {what.lower(), what.removeprefix(noun).lower()} - {""}:
            found.append(action)
    return found


def passes_roles(resource_type: str, operation: str) -> bool:
    """Whether CloudFormation hands the roles in the resource's properties to another service."""
    return "iam:PassRole" in handler_permissions(resource_type, operation)


def tagging_actions(resource_type: str) -> list[str]:
    """The actions by which a new resource of the type gets its tags; none where the action that makes it does it."""
    known = resource_schema(resource_type).get("tagging", {}).get("permissions", ())
    sets = [each for each in known if each.partition(":")[2].startswith(("Tag", "Add", "Put"))]
    return [each for each in sets if each in handler_permissions(resource_type, "create")]


def handler_permissions(resource_type: str, operation: str) -> Sequence[str]:
    if resource_type in _ACTIONS_MISSING_IN_SCHEMAS:
        return _ACTIONS_MISSING_IN_SCHEMAS[resource_type].get(operation, ())
    found: Sequence[str] = resource_schema(resource_type).get("handlers", {}).get(operation, {}).get("permissions", ())
    return found


def _service(resource_type: str, actions: Sequence[str]) -> str:
    """The type's own, or the one that most actions are of; others stand there for what the resource refers to."""
    prefixes = [each.partition(":")[0] for each in actions]
    own = resource_type.split("::")[1].lower()
    if own in prefixes:
        return own
    return max(dict.fromkeys(prefixes), key=prefixes.count, default="")


def _noun(action: str, verb: str) -> str:
    return action.partition(":")[2][len(verb) :].lower()
