"""The IAM actions that CloudFormation needs for a resource type, from the resource schemas in cfn-lint."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from cdk_delivery.access.resource_schemas import resource_schema

# Actions of types whose schema names none. Source: AWS service authorization reference.
ACTIONS_WITHOUT_SCHEMA: Mapping[str, Sequence[str]] = {
    "AWS::CodeBuild::Project": [f"codebuild:{verb}Project" for verb in ("Create", "Update", "Delete")]
    + ["codebuild:BatchGetProjects"],
}

# Read actions are all allowed: they change nothing, and no rehearsal can prove that a handler does without one. IAM's
# are not among them: IAM actions are allowed for named roles and policies only, and handlers read users and groups too.
_READS = re.compile(r"(?!iam:)[\w-]+:(Describe|Get|List)\w*")
# Service -> why the handlers of other services' types do not need its actions here. Its own types do need them.
EXCLUDED_SERVICES: Mapping[str, str] = {
    "codedeploy": "where CodeDeploy shifts an alias, its deployment group brings the actions",
    "ec2": "functions are in no VPC",
    "elasticfilesystem": "functions mount nothing",
    "firehose": "log groups deliver to nothing",
    "s3files": "functions mount nothing",
    "s3tables": "buckets have no metadata tables",
}
# Pattern of actions that change something -> why these stacks do not need them. Handlers name the actions for every use
# of a type.
EXCLUDED_ACTIONS: Mapping[str, str] = {
    r"codedeploy:Register\w*": "a revision comes with its deployment, and nothing is deployed to machines",
    r"iam:\w*(User|Group)Policy": "policies are attached to roles alone",
    r"iam:DeleteRolePermissionsBoundary": "a role keeps its boundary as long as it lives",
    r"lambda:PassCapacityProvider": "functions run on no capacity provider",
    r"logs:(CreateLogDelivery|PutBearerTokenAuthentication)": "log groups deliver to nothing",
    r"s3:\w*Metadata\w*": "buckets have no metadata tables",
    r"s3:REST\.PUT\.OBJECT": "no action of this name can be in a policy",
    r"s3:(PutObjectAcl|DeleteObject)": "the objects of a bucket are no business of CloudFormation",
    r"s3:\w*(Website|CORS|Cors|Analytics|IntelligentTiering|Inventory|Metrics|Replication|Accelerate|Abac)\w*": (
        "buckets have none of these"
    ),
}


def required_actions(kind: str) -> frozenset[str]:
    """Return all actions of the handlers of a type such as AWS::SQS::Queue. Raises KeyError for an unknown type."""
    handlers = resource_schema(kind).get("handlers", {})
    actions = {action for handler in handlers.values() for action in handler.get("permissions", ())}
    if not actions and kind not in ACTIONS_WITHOUT_SCHEMA:
        raise KeyError(f"{kind}: neither its schema nor ACTIONS_WITHOUT_SCHEMA says which actions it needs")
    return frozenset(actions | {*ACTIONS_WITHOUT_SCHEMA.get(kind, ())})


def needed_actions(kind: str) -> frozenset[str]:
    """Return the actions of one type that these stacks need, and all of its read actions.

    Raises KeyError for an unknown type.
    """
    actions = required_actions(kind)
    services = Counter(action.partition(":")[0] for action in actions)
    own_service = services.most_common(1)[0][0]
    return frozenset(action for action in actions if _is_needed(action, own_service))


def _is_needed(action: str, own_service: str) -> bool:
    service = action.partition(":")[0]
    if _READS.fullmatch(action):
        return True
    excluded = any(re.fullmatch(pattern, action) for pattern in EXCLUDED_ACTIONS)
    return not excluded and (service == own_service or service not in EXCLUDED_SERVICES)
