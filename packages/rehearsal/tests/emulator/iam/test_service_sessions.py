"""Sessions of services: trust policies and permissions, as on AWS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ministack import app
from ministack.services import sts

from rehearsal.emulator.iam.service_sessions import Sessions
from rehearsal.engine.action_api import ActionError
from rehearsal.engine.errors import RequestRejected
from tests.emulator.iam.principals import ACCOUNT, REGION, allow, make_role, trusting

CODEBUILD, CODEPIPELINE = "codebuild.amazonaws.com", "codepipeline.amazonaws.com"


@pytest.fixture(autouse=True)
def _enforced(as_it_comes: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(app, "AUTH", True)
    yield
    sts._sessions.clear()


def test_a_role_is_assumed_by_the_service_that_it_trusts() -> None:
    """A service can assume only a role that trusts it."""
    role = make_role("build", trust=trusting(Service=CODEBUILD))
    credentials = Sessions().assume(role, CODEBUILD, "session")
    assert sts._sessions[credentials.access_key]["Arn"].endswith(":assumed-role/build/session")
    with pytest.raises(ActionError, match=r"codepipeline.amazonaws.com may not assume .*AssumeRolePolicyDocument"):
        Sessions().assume(role, CODEPIPELINE, "session")


def test_a_missing_role_is_an_error_with_its_name() -> None:
    """The error for a missing role has its name."""
    with pytest.raises(ActionError, match="role/none: there is no such role"):
        Sessions().assume(f"arn:aws:iam::{ACCOUNT}:role/none", CODEBUILD, "session")


def test_an_actions_role_is_assumed_through_the_pipelines() -> None:
    """The pipeline's role needs sts:AssumeRole, and the action's role must trust it."""
    pipeline = make_role("pipeline", allow("sts:AssumeRole"), trust=trusting(Service=CODEPIPELINE))
    trusted = make_role("deploy", trust=trusting(AWS=pipeline))
    assert Sessions().assume(trusted, CODEPIPELINE, "session", through=pipeline).token
    stranger = make_role("stranger", trust=trusting(AWS="222222222222"))
    with pytest.raises(ActionError, match=r"role/pipeline may not assume .*role/stranger"):
        Sessions().assume(stranger, CODEPIPELINE, "session", through=pipeline)
    make_role("pipeline", allow("s3:*"))
    with pytest.raises(ActionError, match=r'sts:AssumeRole on resource: .*role/deploy .*missing is .*"sts:AssumeRole"'):
        Sessions().assume(trusted, CODEPIPELINE, "session", through=pipeline)


@pytest.mark.parametrize(
    "condition",
    [{"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}, {"Bool": {"aws:SecureTransport": "true"}}],
)
def test_an_actions_role_is_assumed_in_the_pipelines_region_by_tls(condition: dict[str, Any]) -> None:
    """Policies may demand the pipeline's region and TLS for the action's role."""
    allowed = allow("sts:AssumeRole", Condition=condition)
    pipeline = make_role("pipeline", allowed, trust=trusting(Service=CODEPIPELINE))
    trust = trusting(AWS=pipeline)
    trust["Statement"][0]["Condition"] = condition
    role = make_role("deploy", trust=trust)
    assert Sessions().assume(role, CODEPIPELINE, "session", through=pipeline, region="eu-west-1").token


def test_what_codepipeline_does_for_an_action_needs_the_permission() -> None:
    """One of the listed actions suffices, since a renamed service has two names for one action."""
    connection = f"arn:aws:codeconnections:eu-west-1:{ACCOUNT}:connection/c"
    use = ("codeconnections:UseConnection", "codestar-connections:UseConnection")
    role = make_role("pipeline", allow(use[1]))
    Sessions().require(role, *use, resource=connection)
    make_role("pipeline", allow("codebuild:*"))
    with pytest.raises(ActionError, match=r"looked at own; missing is .*codeconnections:UseConnection"):
        Sessions().require(role, *use, resource=connection)


def test_without_iam_no_permission_is_evaluated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without IAM no permission is evaluated, but the role must exist."""
    monkeypatch.setattr(app, "AUTH", False)
    role = make_role("build", trust=trusting(Service=CODEBUILD))
    assert Sessions().assume(role, CODEPIPELINE, "session").token
    Sessions().require(role, "s3:GetObject", resource="arn:aws:s3:::bucket")


def pipeline(*action_roles: str) -> dict[str, Any]:
    """Return a pipeline with the role `pipeline` and an action for each of these roles."""
    kind = {"category": "Test", "owner": "AWS", "provider": "CodeBuild", "version": "1"}
    actions = [{"name": f"a{number}", "actionTypeId": kind, "roleArn": arn} for number, arn in enumerate(action_roles)]
    return {
        "name": "p",
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/pipeline",
        "artifactStore": {"type": "S3", "location": "b"},
        "stages": [{"name": "One", "actions": actions}],
    }


def test_a_pipeline_whose_role_may_not_assume_an_actions_role_is_refused() -> None:
    """The creation is rejected if the pipeline's role, or the trust policy, does not allow AssumeRole."""
    own = make_role("pipeline", allow("sts:AssumeRole"), trust=trusting(Service=CODEPIPELINE))
    trusted, stranger = (
        make_role("deploy", trust=trusting(AWS=own)),
        make_role("stranger", trust=trusting(AWS="2" * 12)),
    )
    Sessions().check_action_roles(pipeline(own, trusted), REGION)
    for refused in (stranger, f"arn:aws:iam::{ACCOUNT}:role/none"):
        with pytest.raises(
            RequestRejected, match=f"role/pipeline is not authorized to perform AssumeRole on role {refused}$"
        ):
            Sessions().check_action_roles(pipeline(trusted, refused), REGION)
    make_role("pipeline", allow("s3:*"))
    with pytest.raises(RequestRejected, match=r"AssumeRole on role .*role/deploy"):
        Sessions().check_action_roles(pipeline(trusted), REGION)


def test_a_role_of_a_bootstrap_that_is_to_come_is_refused() -> None:
    """A pipeline with roles of an account that is not bootstrapped yet is rejected."""
    make_role("pipeline", allow("sts:AssumeRole"))
    to_come = f"arn:aws:iam::222222222222:role/cdk-hnb659fds-deploy-role-222222222222-{REGION}"
    with pytest.raises(RequestRejected, match=f"AssumeRole on role {to_come}$"):
        Sessions().check_action_roles(pipeline(to_come), REGION)


def test_without_iam_no_role_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without IAM the actions' roles are not checked."""
    monkeypatch.setattr(app, "AUTH", False)
    Sessions().check_action_roles(pipeline(f"arn:aws:iam::{ACCOUNT}:role/none"), REGION)
