"""How CodeDeploy refuses a request, and how a deployment fails."""

from __future__ import annotations


class CodeDeployError(ValueError):
    """code: the name of the exception in CodeDeploy's API."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class DeploymentFailed(Exception):
    """code: of the deployment's errorInformation. stopped: whether the status is Stopped instead of Failed."""

    def __init__(self, code: str, message: str, *, stopped: bool = False) -> None:
        super().__init__(message)
        self.code, self.stopped = code, stopped
