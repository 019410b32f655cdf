"""Objects that a service reads from another account's bucket for an authorized caller."""

from __future__ import annotations

import json

from rehearsal.aws import root
from tests.conftest import REGION, Embedded

OTHER = "222222222222"
TEMPLATE = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}


def test_a_template_is_read_from_a_bucket_of_another_account(embedded: Embedded) -> None:
    """CloudFormation reads a template from another account's artifact bucket."""
    bucket, stack = embedded.bucket(), embedded.name("stack")
    s3 = embedded.client("s3")
    s3.put_object(Bucket=bucket, Key="template.json", Body=json.dumps(TEMPLATE).encode())
    allowed = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"}, "Action": "s3:GetObject"}
    policy = {"Version": "2012-10-17", "Statement": [{**allowed, "Resource": f"arn:aws:s3:::{bucket}/*"}]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    cloudformation = embedded.endpoint.client("cloudformation", root(OTHER), REGION)
    url = f"{embedded.endpoint.url}/{bucket}/template.json"
    cloudformation.create_change_set(StackName=stack, ChangeSetName="first", ChangeSetType="CREATE", TemplateURL=url)
    body = cloudformation.get_template(StackName=stack, ChangeSetName="first")["TemplateBody"]
    assert "AWS::SNS::Topic" in json.dumps(body)
