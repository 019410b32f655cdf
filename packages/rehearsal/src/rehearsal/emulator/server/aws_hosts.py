"""AWS's host names: those that lead to the embedded AWS in builds and functions.

For proxy.py, so it needs nothing but the standard library; aws_hosts.cjs has the same names for Node.
Sources: AWS General Reference, "AWS service endpoints"; AWS Lambda developer guide, "Lambda function URLs" (on.aws).
"""

from __future__ import annotations

AWS_DOMAINS = ("amazonaws.com", "amazonaws.com.cn", "api.aws", "on.aws")
# A web server for downloads and no API: the AWS CLI's installer. The embedded AWS has no copy of it.
DOWNLOADS = ("awscli.amazonaws.com",)


def is_aws_host(host: str) -> bool:
    """Return whether a host name, without a port, is one that AWS's APIs and the customers' resources have."""
    name = host.lower().rstrip(".")
    return name not in DOWNLOADS and any(name == domain or name.endswith(f".{domain}") for domain in AWS_DOMAINS)
