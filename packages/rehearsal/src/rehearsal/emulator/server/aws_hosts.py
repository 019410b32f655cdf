"""AWS's host names, which are routed to the embedded AWS in builds and functions.

proxy.py imports it, so it uses the standard library only; aws_hosts.cjs has the same names for Node.js.
Sources: AWS General Reference, "AWS service endpoints"; AWS Lambda developer guide, "Lambda function URLs" (on.aws).
"""

from __future__ import annotations

AWS_DOMAINS = ("amazonaws.com", "amazonaws.com.cn", "api.aws", "on.aws")
# Not an API but a web server with the AWS CLI's installer, of which the embedded AWS has no copy.
DOWNLOADS = ("awscli.amazonaws.com",)


def is_aws_host(host: str) -> bool:
    """Return whether a host name, without a port, is that of an AWS API or of a customer's resource in AWS."""
    name = host.lower().rstrip(".")
    return name not in DOWNLOADS and any(name == domain or name.endswith(f".{domain}") for domain in AWS_DOMAINS)
