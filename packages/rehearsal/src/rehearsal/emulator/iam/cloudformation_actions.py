"""Actions that CloudFormation needs for a resource, from the `handlers` of the resource schemas that cfn-lint ships.

A handler lists every action that it may need, also those for properties that a template leaves out. It certainly needs
the action that creates or deletes the resource; the verb and noun of the action's name tell which one that is. For an
update, the action depends on the property: where an action's name includes the property (UpdateFunctionCode), that one;
else one of the actions has to be allowed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from rehearsal.emulator.iam.cfnlint_data import resource_schema

# Beginnings of action names, the most specific first.
_READS_AND_TAGS = ("Get", "List", "Describe", "Tag", "Untag", "AddTags", "RemoveTags")
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
    """Return the actions of which one is certainly needed for an operation; none for an unknown type.

    operation: create, update or delete.
    """
    actions = [
        permission
        for permission in handler_permissions(resource_type, operation)
        if not permission.startswith("iam:PassRole")
    ]
    if resource_type in _ACTIONS_MISSING_IN_SCHEMAS:
        return actions
    writes = [
        action
        for action in own_actions(resource_type, actions)
        if not action.partition(":")[2].startswith(_READS_AND_TAGS)
    ]
    if operation == "update":
        return _update_actions(resource_type, writes)
    for verb in _VERBS[operation]:
        with_verb = [write for write in writes if write.partition(":")[2].lower().startswith(verb.lower())]
        if with_verb:
            exact = [write for write in with_verb if _noun(write, verb) == resource_type.rpartition("::")[2].lower()]
            return exact or sorted(with_verb, key=lambda write: "Role" not in write)
    return []


def own_actions(resource_type: str, actions: Sequence[str]) -> list[str]:
    """Return those of `actions` that belong to the resource type's own service."""
    return [action for action in actions if action.startswith(f"{_service(resource_type, actions)}:")]


def _update_actions(resource_type: str, actions: Sequence[str]) -> list[str]:
    """Return the actions with the type's noun where one is named as UpdatePipeline is; else all."""
    noun = resource_type.rpartition("::")[2]
    names = {action: action.partition(":")[2] for action in actions}
    with_noun = [action for action, name in names.items() if noun.lower() in name.lower() and name.startswith(_CHANGES)]
    return with_noun if {f"Update{noun}", f"Put{noun}", f"Modify{noun}"} & {*names.values()} else list(actions)


def actions_for_properties(resource_type: str, properties: Collection[str]) -> list[str]:
    """Return the actions named for a change of one of `properties`, such as lambda:UpdateFunctionCode for Code."""
    noun, changed = resource_type.rpartition("::")[2], {property_.lower() for property_ in properties}
    actions = []
    for action in required_actions(resource_type, "update"):
        verb = next((change for change in _CHANGES if action.partition(":")[2].startswith(change)), "")
        changes = action.partition(":")[2].removeprefix(verb)
        if verb and changed & {changes.lower(), changes.removeprefix(noun).lower()} - {""}:
            actions.append(action)
    return actions


def passes_roles(resource_type: str, operation: str) -> bool:
    """Whether CloudFormation passes the roles in the resource's properties to another service."""
    return "iam:PassRole" in handler_permissions(resource_type, operation)


def tagging_actions(resource_type: str) -> list[str]:
    """Return the actions that set the tags of a new resource; none where the action that creates it sets them."""
    actions = resource_schema(resource_type).get("tagging", {}).get("permissions", ())
    sets = [action for action in actions if action.partition(":")[2].startswith(("Tag", "Add", "Put"))]
    return [set_ for set_ in sets if set_ in handler_permissions(resource_type, "create")]


def handler_permissions(resource_type: str, operation: str) -> Sequence[str]:
    if resource_type in _ACTIONS_MISSING_IN_SCHEMAS:
        return _ACTIONS_MISSING_IN_SCHEMAS[resource_type].get(operation, ())
    handlers = resource_schema(resource_type).get("handlers", {})
    permissions: Sequence[str] = handlers.get(operation, {}).get("permissions", ())
    return permissions


def _service(resource_type: str, actions: Sequence[str]) -> str:
    """Return the type's own service, or the one of most actions; a handler also lists actions for references."""
    prefixes = [action.partition(":")[0] for action in actions]
    service = resource_type.split("::")[1].lower()
    if service in prefixes:
        return service
    return max(dict.fromkeys(prefixes), key=prefixes.count, default="")


def _noun(action: str, verb: str) -> str:
    return action.partition(":")[2][len(verb) :].lower()
