"""Builds reach AWS's host names in the embedded AWS only, whatever the variables of their project."""

from __future__ import annotations

from tests.codebuild.case import spec
from tests.codebuild.conftest import Account
from tests.codebuild.test_start_build import built, lines, project
from tests.conftest import ACCOUNT

IDENTITY = "https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"
SIGNED = (
    'curl --silent --aws-sigv4 aws:amz:eu-west-1:sts --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"'
    ' --header "x-amz-security-token: $AWS_SESSION_TOKEN"'
)
PAST = {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "*", "NODE_OPTIONS": "--no-warnings"}


def test_a_build_never_reaches_the_real_aws(account: Account) -> None:
    """Proxy and Node variables do not redirect a build: the embedded AWS still answers with its account."""
    ask = f"{SIGNED} '{IDENTITY}' | grep -c {ACCOUNT}"
    listed = 'echo "url=${AWS_ENDPOINT_URL-none} options=$(echo "$NODE_OPTIONS" | grep -o \'[^ ]*$\')"'
    variables = [{"Name": name, "Value": value, "Type": "PLAINTEXT"} for name, value in PAST.items()]
    build = built(account, project(account, spec(ask, listed), Environment={"EnvironmentVariables": variables}))
    assert build["buildStatus"] == "SUCCEEDED", lines(account, build)
    said = lines(account, build)
    assert "url=none options=--no-warnings" in said
    assert any("HTTPS_PROXY has no effect here" in line for line in said)
