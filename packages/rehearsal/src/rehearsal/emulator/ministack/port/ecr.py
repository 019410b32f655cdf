"""ECR's repositories."""

from __future__ import annotations

from ministack.services import ecr


def repository_arn(name: str) -> str:
    """Return the ARN of a repository of the request's account and region."""
    return str(ecr._repo_arn(name))
