"""Which actions CloudFormation needs for a resource type, from the resource schemas that cfn-lint brings."""

from __future__ import annotations

import re
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
# Handlers name what any use of a type could need. Pattern -> why the stacks here do without what changes something.
EXCLUDED_ACTIONS: Mapping[str, str] = {
    r"iam:\w*(User|Group)Policy": "policies are attached to roles alone",
    r"iam:DeleteRolePermissionsBoundary": "a role keeps its boundary as long as it lives",
    r"codedeploy:.*": "aliases are not shifted by CodeDeploy",
    r"(ec2|elasticfilesystem|s3files):.*": "functions are in no VPC and mount nothing",
    r"lambda:PassCapacityProvider": "functions run on no capacity provider",
    r"firehose:.*|logs:(CreateLogDelivery|PutBearerTokenAuthentication)": "log groups deliver to nothing",
    r"s3tables:.*|s3:\w*Metadata\w*": "buckets have no metadata tables",
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


def is_required(action: str) -> bool:
    """Return whether the stacks here need it, or CloudFormation could read with it."""
    return bool(_READS.fullmatch(action)) or not any(re.fullmatch(pattern, action) for pattern in EXCLUDED_ACTIONS)
