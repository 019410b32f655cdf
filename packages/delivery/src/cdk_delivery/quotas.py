"""AWS quotas, and their usage by an assembly.

The pipeline's quotas limit the number of environments in a wave, and the number of waves.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cdk_delivery.cloud_assembly import Resource, template_files
from cdk_delivery.json_values import items, member


@dataclass(frozen=True)
class QuotaUsage:
    """The usage of one quota. remedy: what to do if it is exceeded."""

    what: str
    used: int
    allowed: int
    remedy: str

    @property
    def exceeded(self) -> bool:
        """Whether AWS would reject the usage."""
        return self.used > self.allowed


# Sources: user guides of CodePipeline ("Quotas"), CloudFormation ("Quotas"), IAM ("IAM and AWS STS quotas"), Amazon S3
# ("Bucket policies"), KMS ("Key policies"), and of CodeBuild ("Quotas").
# ACTIONS_OF_STAGE is what CDK Pipelines puts into one stage (aws/aws-cdk issue 16336); CodePipeline's own limit was 50
# (issue 9353) and is reported as 100 since October 2024 (awslabs/aws-deployment-framework issue 792).
# Unverified: ACTIONS. AWS's page, in the versions that were read, has a number for one stage only.
# IAM does not count white space.
STAGES, ACTIONS_OF_STAGE, ACTIONS = 50, 50, 500
TEMPLATE_BYTES, RESOURCES = 1_000_000, 500
MANAGED_POLICY, INLINE_POLICIES, KEY_POLICY, BUCKET_POLICY = 6_144, 10_240, 32_768, 20_480
MANAGED_POLICIES = 10
# Characters of an inline buildspec. Only CodeBuild's error has the number, not its documentation: aws/aws-cdk issue
# 30326.
BUILDSPEC = 25_600
_ADVICE_SMALLER_WAVES = "put fewer environments into one wave (`wave` in cdk.json): about 12 fit"
_ADVICE_TWO_PIPELINES = "split the environments over two pipelines: two clones, with another `name` in cdk.json"

_ADVICE_SEPARATE_POLICY = (
    "put statements into a managed policy of their own, or name accounts by a condition on aws:PrincipalOrgID"
)


def quota_usages(assembly: Path) -> list[QuotaUsage]:
    """Return the usage of each quota that a pipeline of this kind can reach."""
    usages: list[QuotaUsage] = []
    for file in template_files(assembly):
        text = file.read_text()
        resources: Mapping[str, Resource] = json.loads(text)["Resources"]
        name = file.name.removesuffix(".template.json")
        usages.append(
            QuotaUsage(f"{name}: bytes of the template", len(text.encode()), TEMPLATE_BYTES, _ADVICE_TWO_PIPELINES)
        )
        usages.append(QuotaUsage(f"{name}: resources", len(resources), RESOURCES, _ADVICE_TWO_PIPELINES))
        for id_, resource in resources.items():
            usages += [
                QuotaUsage(f"{name}/{what}", used, allowed, remedy)
                for what, used, allowed, remedy in _resource_usages(id_, resource)
            ]
        usages += [
            QuotaUsage(f"{name}/{what}", used, allowed, _ADVICE_SEPARATE_POLICY)
            for what, used, allowed in _role_usages(resources)
        ]
    return usages


def _resource_usages(id_: str, resource: Resource) -> Iterator[tuple[str, int, int, str]]:
    properties = resource.get("Properties", {})
    match resource["Type"]:
        case "AWS::CodePipeline::Pipeline":
            stages = items(properties, "Stages")
            counts = [(member(stage, "Name"), len(items(stage, "Actions"))) for stage in stages]
            yield "stages", len(stages), STAGES, _ADVICE_TWO_PIPELINES
            yield "actions", sum(count for _, count in counts), ACTIONS, _ADVICE_TWO_PIPELINES
            for name, count in counts:
                yield f"actions of {name}", count, ACTIONS_OF_STAGE, _ADVICE_SMALLER_WAVES
        case "AWS::CodeBuild::Project":
            spec = member(properties, "Source", "BuildSpec") or ""
            length = len(spec) if isinstance(spec, str) else document_size(spec)
            yield f"characters of {id_}'s buildspec", length, BUILDSPEC, "let its commands call make targets"
        case "AWS::IAM::ManagedPolicy":
            size = document_size(properties["PolicyDocument"])
            yield f"characters of {id_}", size, MANAGED_POLICY, _ADVICE_SEPARATE_POLICY
        case "AWS::KMS::Key":
            size = document_size(properties["KeyPolicy"])
            yield f"bytes of {id_}'s policy", size, KEY_POLICY, _ADVICE_SEPARATE_POLICY
        case "AWS::S3::BucketPolicy":
            size = document_size(properties["PolicyDocument"])
            yield f"bytes of {id_}", size, BUCKET_POLICY, _ADVICE_SEPARATE_POLICY


def _role_usages(resources: Mapping[str, Resource]) -> Iterator[tuple[str, int, int]]:
    """Count the characters of all inline policies of a role, and the number of its managed policies."""
    inline: Counter[str] = Counter()
    for resource in resources.values():
        if resource["Type"] == "AWS::IAM::Policy":
            size = document_size(member(resource, "Properties", "PolicyDocument"))
            for role in items(resource, "Properties", "Roles"):
                inline[str(member(role, "Ref") or role)] += size
    for id_, resource in resources.items():
        if resource["Type"] == "AWS::IAM::Role":
            properties = resource.get("Properties", {})
            documents = [member(policy, "PolicyDocument") for policy in items(properties, "Policies")]
            inline[id_] += sum(map(document_size, documents))
            yield f"managed policies of {id_}", len(items(properties, "ManagedPolicyArns")), MANAGED_POLICIES
    for role, size in inline.items():
        yield f"characters of {role}'s inline policies", size, INLINE_POLICIES


def document_size(document: object) -> int:
    """Return the characters of a policy that IAM counts: those that are not white space.

    For a policy of a template it is an estimate: intrinsic functions are some bytes longer or shorter than the ARNs
    that replace them.
    """
    return len(json.dumps(document, separators=(",", ":")))
