"""Placeholders for the secrets and parameters that CodeBuild projects read and nothing has created."""

from __future__ import annotations

import json
from pathlib import Path

from rehearsal.aws import root
from rehearsal.codebuild.environment import PLACEHOLDER
from rehearsal.deploy.build_values import provide_build_values, secrets_of_projects
from rehearsal.project.cloud_assembly import Assembly, PipelineResource, Stack
from tests.conftest import ACCOUNT, REGION, Embedded


def assembly(folder: Path, *variables: tuple[str, object]) -> Assembly:
    """Return a pipeline's stack with a project that has variables of these types and values."""
    listed = [{"Name": f"V{n}", "Type": type_, "Value": value} for n, (type_, value) in enumerate(variables)]
    project = {"Type": "AWS::CodeBuild::Project", "Properties": {"Environment": {"EnvironmentVariables": listed}}}
    (folder / "top.json").write_text(json.dumps({"Resources": {"Project": project}}))
    stack = Stack("Top", "Top", ACCOUNT, REGION, folder / "top.json")
    return Assembly(folder, PipelineResource(stack, "P", {}), (stack,))


def test_secrets_are_those_that_projects_read_by_name(tmp_path: Path) -> None:
    """Secrets are listed with the keys that projects read; ARNs and references are skipped, because they exist."""
    cloud = assembly(
        tmp_path,
        ("SECRETS_MANAGER", "api:KEY"),
        ("SECRETS_MANAGER", "api:OTHER::"),
        ("SECRETS_MANAGER", "api:KEY"),
        ("SECRETS_MANAGER", "plain"),
        ("SECRETS_MANAGER", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:x"),
        ("SECRETS_MANAGER", {"Ref": "Secret"}),
        ("PLAINTEXT", "text"),
    )
    assert secrets_of_projects(cloud) == {"api": ["KEY", "OTHER"], "plain": []}


def test_secrets_of_the_apps_stacks_are_skipped(tmp_path: Path) -> None:
    """A secret that a stack of the app creates gets no placeholder."""
    cloud = assembly(tmp_path, ("SECRETS_MANAGER", "api:KEY"))
    template = json.loads((tmp_path / "top.json").read_text())
    template["Resources"]["Secret"] = {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "api"}}
    (tmp_path / "top.json").write_text(json.dumps(template))
    assert secrets_of_projects(cloud) == {}


def test_missing_values_are_created_and_reported(embedded: Embedded, tmp_path: Path) -> None:
    """Missing secrets and parameters are created and reported once; existing ones are not changed."""
    said, secrets, parameters = list[str](), embedded.client("secretsmanager"), embedded.client("ssm")
    missing, kept, parameter = (embedded.name(name) for name in ("missing", "kept", "parameter"))
    parameters.put_parameter(Name=f"/{kept}", Value="own", Type="String")
    cloud = assembly(
        tmp_path,
        ("SECRETS_MANAGER", f"{missing}:KEY"),
        ("PARAMETER_STORE", f"/{parameter}"),
        ("PARAMETER_STORE", f"/{kept}"),
    )
    for _ in range(2):
        provide_build_values(cloud, embedded.endpoint, root(ACCOUNT), said.append)
    assert json.loads(secrets.get_secret_value(SecretId=missing)["SecretString"]) == {"KEY": PLACEHOLDER}
    assert parameters.get_parameter(Name=f"/{parameter}")["Parameter"]["Value"] == PLACEHOLDER
    assert parameters.get_parameter(Name=f"/{kept}")["Parameter"]["Value"] == "own"
    assert [line.partition(",")[0] for line in said] == [f"the secret {missing}", f"the parameter /{parameter}"]
