"""Which actions CloudFormation needs for a resource type, from the resource schemas that cfn-lint brings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from cdk_delivery.access.resource_schemas import resource_schema

# Types whose schema names no actions. Source: AWS service authorization reference.
ACTIONS_WITHOUT_SCHEMA: Mapping[str, Sequence[str]] = {
    "AWS::CodeBuild::Project": [f"codebuild:{each}Project" for each in ("Create", "Update", "Delete")]
    + ["codebuild:BatchGetProjects"],
}

# What a handler reads opens nothing, and no rehearsal can tell that a handler does without. Those of users and groups
# could not be granted: IAM's actions are granted by the names of roles and policies.
_READS = re.compile(r"(?!iam:)[\w-]+:(Describe|Get|List)\w*")
# Services that handlers of other services name. A type of such a service needs its actions.
EXCLUDED_SERVICES: Mapping[str, str] = {
    "codedeploy": "where CodeDeploy shifts an alias, its deployment group brings the actions",
    "ec2": "functions are in no VPC",
    "elasticfilesystem": "functions mount nothing",
    "firehose": "log groups deliver to nothing",
    "s3files": "functions mount nothing",
    "s3tables": "buckets have no metadata tables",
}
# Handlers name what any use of a type could need. Pattern -> why the stacks here do without what changes something.
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
    """The actions for one type such as AWS::SQS::Queue. Raises KeyError for a type that nothing is known about."""
    handlers = resource_schema(kind).get("handlers", {})
    said = {action for handler in handlers.values() for action in handler.get("permissions", ())}
    if not said and kind not in ACTIONS_WITHOUT_SCHEMA:
        raise KeyError(f"{kind}: neither its schema nor ACTIONS_WITHOUT_SCHEMA says which actions it needs")
    return frozenset(said | {*ACTIONS_WITHOUT_SCHEMA.get(kind, ())})


def needed_actions(kind: str) -> frozenset[str]:
    """Return the actions for one type that the stacks here need, or that CloudFormation could read with.

    Raises KeyError for a type that nothing is known about.
    """
    actions = required_actions(kind)
    services = Counter(action.partition(":")[0] for action in actions)
    own = services.most_common(1)[0][0]
    return frozenset(action for action in actions if _is_needed(action, own))


def _is_needed(action: str, own: str) -> bool:
    service = action.partition(":")[0]
    if _READS.fullmatch(action):
        return True
    excluded = any(re.fullmatch(pattern, action) for pattern in EXCLUDED_ACTIONS)
    return not excluded and (service == own or service not in EXCLUDED_SERVICES)
