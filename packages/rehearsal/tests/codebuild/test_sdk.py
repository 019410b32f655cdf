"""Older tools find the embedded AWS too."""

from __future__ import annotations

from pathlib import Path

from tests.codebuild.case import run

SDK = """
exports.config = { update(values) { Object.assign(this, values); } };
"""
BUILDSPEC = """
version: 0.2
env:
  variables: {AWS_ENDPOINT_URL: "https://127.0.0.1:4566", NODE_OPTIONS: --no-warnings}
phases:
  build:
    commands:
      - node -p 'require("aws-sdk").config.endpoint + " " + require("aws-sdk").config.s3ForcePathStyle'
      - echo "$NODE_OPTIONS" | grep -o '[^ ]*$'
      - unset AWS_ENDPOINT_URL; node -p 'require("aws-sdk").config.endpoint'
"""


def test_version_2_of_the_javascript_sdk_is_told_the_endpoint(tmp_path: Path) -> None:
    """It reads no AWS_ENDPOINT_URL by itself, and cdk-assets 2 uses it; the build's own NODE_OPTIONS stay."""
    sdk = tmp_path / "given" / "node_modules" / "aws-sdk"
    sdk.mkdir(parents=True)
    (sdk / "index.js").write_text(SDK)
    ran = run(BUILDSPEC, {}, tmp_path, source=tmp_path / "given")
    assert ran.result.status == "SUCCEEDED", ran.log
    assert ran.printed == ["https://127.0.0.1:4566 true", "--no-warnings", "undefined"]
