"""Errors of CodeDeploy's API, and of deployments."""

from __future__ import annotations


class CodeDeployError(ValueError):
    """A request that CodeDeploy refuses. code: the exception's name in CodeDeploy's API."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class DeploymentFailed(Exception):
    """A deployment failed. code: of its errorInformation. stopped: whether its status is Stopped instead of Failed."""

    def __init__(self, code: str, message: str, *, stopped: bool = False) -> None:
        super().__init__(message)
        self.code, self.stopped = code, stopped
