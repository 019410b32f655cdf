"""The functions of the stack: roles, logs, versions and layers."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Match, Template

from cdk_delivery.constructs.project_files import Project
from cdk_delivery.errors import WrongUse
from stages.catalog import FUNCTIONS
from stages.echo_stack import Release
from stages.service_options import ServiceOptions
from tests.root import ROOT
from tests.stages.conftest import echo_stack


def of(template: Template, kind: str, name: str) -> dict[str, Any]:
    """Return the properties of one function's resource."""
    found = template.find_resources(kind)
    (properties,) = (found[id_]["Properties"] for id_ in found if id_.startswith(name))
    typed: dict[str, Any] = properties
    return typed


def statements(template: Template, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = of(template, "AWS::IAM::ManagedPolicy", name)["PolicyDocument"]["Statement"]
    return found


def test_every_folder_of_code_is_declared_and_the_other_way_round() -> None:
    """Every folder in lambda/ has a declaration, and every declaration a folder."""
    folders = {main.parent.name for main in (ROOT / "lambda").glob("*/main.py")}
    assert folders == {declared.name for declared in FUNCTIONS}


def test_every_declared_function_is_deployed(template: Template) -> None:
    """Every declared function is deployed, with the handler main.handler."""
    functions = template.find_resources("AWS::Lambda::Function", {"Properties": {"Handler": "main.handler"}})
    assert len(functions) == len(FUNCTIONS)


def test_the_target_is_that_of_the_layers(template: Template) -> None:
    """Functions and layers have the same Python version and architecture."""
    template.all_resources_properties("AWS::Lambda::Function", {"Runtime": "python3.13", "Architectures": ["x86_64"]})
    target = {"CompatibleRuntimes": ["python3.13"], "CompatibleArchitectures": ["x86_64"]}
    template.all_resources_properties("AWS::Lambda::LayerVersion", target)


def test_a_function_gets_its_own_layers_and_no_others(template: Template) -> None:
    """echo2, which has no dependency group, does not get the layer of echo."""
    shared, own = (
        {"Ref": next(id_ for id_ in template.find_resources("AWS::Lambda::LayerVersion") if id_.startswith(layer))}
        for layer in ("Layersshared", "Layersecho")
    )
    assert of(template, "AWS::Lambda::Function", "Echo2")["Layers"] == [shared]
    echo = of(template, "AWS::Lambda::Function", "EchoFunction")["Layers"]
    assert sorted(layer["Ref"] for layer in echo) == sorted([shared["Ref"], own["Ref"]])


def test_memory_and_timeout_are_settings(changed: Template) -> None:
    """Memory, timeout and reserved concurrency are settings."""
    wanted = {"MemorySize": 512, "Timeout": 7, "ReservedConcurrentExecutions": 3}
    changed.all_resources_properties("AWS::Lambda::Function", wanted)


def test_no_concurrency_is_reserved_by_default(template: Template) -> None:
    """No concurrency is reserved by default, since a new account with ten executions would reject it."""
    absent = {"ReservedConcurrentExecutions": Match.absent()}
    template.all_resources_properties("AWS::Lambda::Function", absent)


def test_logs_are_json_in_a_separate_group(template: Template) -> None:
    """Each function has a separate encrypted log group with JSON logs and the retention of the settings."""
    template.all_resources_properties("AWS::Lambda::Function", {"LoggingConfig": {"LogFormat": "JSON"}})
    group = {"RetentionInDays": 30, "KmsKeyId": Match.any_value()}
    template.all_resources_properties("AWS::Logs::LogGroup", group)
    template.resource_count_is("AWS::Logs::LogGroup", len(FUNCTIONS))


def test_calls_are_traced(template: Template) -> None:
    """Lambda traces invocations; docs/decisions/ says why the code has no tracer."""
    template.all_resources_properties("AWS::Lambda::Function", {"TracingConfig": {"Mode": "Active"}})


@pytest.mark.parametrize("function", [declared.id for declared in FUNCTIONS])
def test_a_role_names_what_it_may_do_on_what(template: Template, function: str) -> None:
    """A role's policy has no wildcard, except the resource of X-Ray's actions."""
    for statement in statements(template, f"{function}Policy"):
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not [action for action in actions if "*" in action]
        assert statement["Resource"] != "*" or statement["Sid"] == "Trace"


def test_no_role_has_an_aws_managed_policy(template: Template) -> None:
    """No role has an AWS managed policy."""
    for role in template.find_resources("AWS::IAM::Role").values():
        assert all("Ref" in arn for arn in role["Properties"]["ManagedPolicyArns"])


def test_no_statement_comes_from_a_grant(template: Template) -> None:
    """No statement comes from CDK's grants, which would broaden roles implicitly."""
    template.resource_count_is("AWS::IAM::Policy", 0)


def test_each_function_has_a_role_of_its_own(template: Template) -> None:
    """Each function has a separate role."""
    functions = template.find_resources("AWS::Lambda::Function").values()
    roles = {str(function["Properties"]["Role"]) for function in functions}
    assert len(roles) == len(FUNCTIONS)


def test_functions_have_their_name_and_environment(template: Template) -> None:
    """Functions have their service name and environment as variables, and none that differs with each push."""
    for declared in FUNCTIONS:
        variables = of(template, "AWS::Lambda::Function", f"{declared.id}Function")["Environment"]["Variables"]
        assert variables["POWERTOOLS_SERVICE_NAME"] == declared.name
        assert variables["ENVIRONMENT"] == "dev"


def of_revision(project: Project, revision: str) -> dict[str, Any]:
    """Return the stack's template at another revision of the same code."""
    release = Release(layers=project.layers, revision=revision)
    return dict(Template.from_stack(echo_stack(App(analytics_reporting=False), release, ServiceOptions())).to_json())


def test_another_revision_changes_an_output_only(project: Project) -> None:
    """Another revision changes only an output, so that it publishes no version and shifts no traffic."""
    before, after = of_revision(project, "0123abc"), of_revision(project, "4567def")
    assert before["Outputs"].pop("Revision") != after["Outputs"].pop("Revision")
    assert before == after


@pytest.mark.gate
def test_other_code_makes_another_version(project: Project, tmp_path: Path) -> None:
    """The comparison above finds a function whose code differs, and only that function."""
    shutil.copytree(project.layers.parent, tmp_path / "layers")
    changed = replace(project, layers=tmp_path / "layers" / "layers.json")
    manifest = json.loads(changed.layers.read_text())
    manifest["functions"][0]["sha256"] = "0a" * 32
    changed.layers.write_text(json.dumps(manifest))
    before, after = (set(of_revision(folder, "0123abc")["Resources"]) for folder in (project, changed))
    assert [id_ for id_ in sorted(before ^ after) if "CurrentVersion" not in id_] == []
    assert {id_.partition("Function")[0] for id_ in before ^ after} == {"Echo"}


@pytest.mark.gate
def test_a_function_that_was_not_built_is_named(project: Project, tmp_path: Path) -> None:
    """A declared function without code is an error that lists the built functions."""
    shutil.copytree(project.layers.parent, tmp_path / "layers")
    manifest = json.loads((tmp_path / "layers" / "layers.json").read_text())
    del manifest["functions"][0]
    (tmp_path / "layers" / "layers.json").write_text(json.dumps(manifest))
    with pytest.raises(WrongUse, match=r"no code of the function echo; it has echo2\b"):
        of_revision(replace(project, layers=tmp_path / "layers" / "layers.json"), "0123abc")
