"""AWS's host names: which ones the proxy and Node.js know, and which ones a certificate covers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rehearsal.emulator.server import aws_hosts
from rehearsal.emulator.server.host_certificates import covered_domain
from tests.conftest import Embedded


@pytest.mark.parametrize(
    ("host", "yes"),
    [
        ("sts.amazonaws.com", True),
        ("STS.us-east-1.AMAZONAWS.com.", True),
        ("s3.cn-north-1.amazonaws.com.cn", True),
        ("lambda.us-east-1.api.aws", True),
        ("id.lambda-url.us-east-1.on.aws", True),
        ("amazonaws.com.example.org", False),
        ("notamazonaws.com", False),
        ("awscli.amazonaws.com", False),
        ("pypi.org", False),
    ],
)
def test_awss_host_names(host: str, yes: bool) -> None:
    """AWS's hosts of every region and partition are recognized; the AWS CLI's download host is not."""
    assert aws_hosts.is_aws_host(host) is yes


def test_node_knows_the_same_names(embedded: Embedded) -> None:
    """Node.js's preloaded file has the proxy's list of hosts and the ports."""
    text = Path(f"{embedded.endpoint.ca}").with_name("aws-hosts.cjs").read_text()
    assert f'"{" ".join(aws_hosts.AWS_DOMAINS)}"' in text
    assert f'"{" ".join(aws_hosts.DOWNLOADS)}"' in text
    assert re.search(r"PORTS = \{ tls: \d+, plain: \d+ \}", text)


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("sts.amazonaws.com", "amazonaws.com"),
        ("sqs.eu-west-1.amazonaws.com", "eu-west-1.amazonaws.com"),
        ("bucket.s3.eu-west-1.amazonaws.com", "s3.eu-west-1.amazonaws.com"),
        ("with.a.dot.s3.amazonaws.com", "s3.amazonaws.com"),
    ],
)
def test_certificates_cover_what_awss_cover(host: str, domain: str) -> None:
    """The wildcard certificate of a bucket with a dot in its name does not match, as on AWS."""
    assert covered_domain(host) == domain
