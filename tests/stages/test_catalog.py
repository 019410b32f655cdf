"""Each function has its own role, log, version, and the layers that were built for it."""

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
    """The properties of the resource of one function."""
    found = template.find_resources(kind)
    (properties,) = (found[id_]["Properties"] for id_ in found if id_.startswith(name))
    typed: dict[str, Any] = properties
    return typed


def statements(template: Template, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = of(template, "AWS::IAM::ManagedPolicy", name)["PolicyDocument"]["Statement"]
    return found


def test_every_folder_of_code_is_declared_and_the_other_way_round() -> None:
    """A folder without a declaration would never be deployed."""
    folders = {main.parent.name for main in (ROOT / "lambda").glob("*/main.py")}
    assert folders == {declared.name for declared in FUNCTIONS}


def test_every_declared_function_is_deployed(template: Template) -> None:
    """With the handler that is agreed on."""
    functions = template.find_resources("AWS::Lambda::Function", {"Properties": {"Handler": "main.handler"}})
    assert len(functions) == len(FUNCTIONS)


def test_the_target_is_that_of_the_layers(template: Template) -> None:
    """A layer of another Python version or architecture could not be imported."""
    template.all_resources_properties("AWS::Lambda::Function", {"Runtime": "python3.13", "Architectures": ["x86_64"]})
    target = {"CompatibleRuntimes": ["python3.13"], "CompatibleArchitectures": ["x86_64"]}
    template.all_resources_properties("AWS::Lambda::LayerVersion", target)


def test_a_function_gets_its_own_layers_and_no_others(template: Template) -> None:
    """echo2 has no dependency group, so it does not get the packages of echo."""
    shared, own = (
        {"Ref": next(id_ for id_ in template.find_resources("AWS::Lambda::LayerVersion") if id_.startswith(layer))}
        for layer in ("Layersshared", "Layersecho")
    )
    assert of(template, "AWS::Lambda::Function", "Echo2")["Layers"] == [shared]
    echo = of(template, "AWS::Lambda::Function", "EchoFunction")["Layers"]
    assert sorted(layer["Ref"] for layer in echo) == sorted([shared["Ref"], own["Ref"]])


def test_memory_and_timeout_are_settings(changed: Template) -> None:
    """And so is reserved concurrency, which is off by default."""
    wanted = {"MemorySize": 512, "Timeout": 7, "ReservedConcurrentExecutions": 3}
    changed.all_resources_properties("AWS::Lambda::Function", wanted)


def test_no_concurrency_is_reserved_by_default(template: Template) -> None:
    """A new account has ten executions at a time, and a deployment that reserves any of them fails."""
    absent = {"ReservedConcurrentExecutions": Match.absent()}
    template.all_resources_properties("AWS::Lambda::Function", absent)


def test_logs_are_json_in_a_group_of_ones_own(template: Template) -> None:
    """Encrypted, and kept as long as the settings say."""
    template.all_resources_properties("AWS::Lambda::Function", {"LoggingConfig": {"LogFormat": "JSON"}})
    group = {"RetentionInDays": 30, "KmsKeyId": Match.any_value()}
    template.all_resources_properties("AWS::Logs::LogGroup", group)
    template.resource_count_is("AWS::Logs::LogGroup", len(FUNCTIONS))


def test_calls_are_traced(template: Template) -> None:
    """By Lambda itself; docs/decisions/ says why the code brings no tracer."""
    template.all_resources_properties("AWS::Lambda::Function", {"TracingConfig": {"Mode": "Active"}})


@pytest.mark.parametrize("function", [declared.id for declared in FUNCTIONS])
def test_a_role_names_what_it_may_do_on_what(template: Template, function: str) -> None:
    """No wildcard but the one of X-Ray, whose actions take no resource."""
    for statement in statements(template, f"{function}Policy"):
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not [action for action in actions if "*" in action]
        assert statement["Resource"] != "*" or statement["Sid"] == "Trace"


def test_nothing_comes_from_policies_that_others_manage(template: Template) -> None:
    """AWS may change them, and they allow more than is needed."""
    for role in template.find_resources("AWS::IAM::Role").values():
        assert all("Ref" in arn for arn in role["Properties"]["ManagedPolicyArns"])


def test_no_statement_comes_from_a_grant(template: Template) -> None:
    """CDK's own grants would widen the roles behind the back of whoever reads stages/."""
    template.resource_count_is("AWS::IAM::Policy", 0)


def test_each_function_has_a_role_of_its_own(template: Template) -> None:
    """The permissions of one function are not those of the other."""
    functions = template.find_resources("AWS::Lambda::Function").values()
    roles = {str(function["Properties"]["Role"]) for function in functions}
    assert len(roles) == len(FUNCTIONS)


def test_functions_know_where_they_are_and_what_they_are(template: Template) -> None:
    """Logs and metrics carry it. None of it differs from push to push, which would make a new version each time."""
    for declared in FUNCTIONS:
        variables = of(template, "AWS::Lambda::Function", f"{declared.id}Function")["Environment"]["Variables"]
        assert variables["POWERTOOLS_SERVICE_NAME"] == declared.name
        assert variables["ENVIRONMENT"] == "dev"


def of_revision(project: Project, revision: str) -> dict[str, Any]:
    """The template of the stack at another revision of the same code."""
    release = Release(layers=project.layers, revision=revision)
    return dict(Template.from_stack(echo_stack(App(analytics_reporting=False), release, ServiceOptions())).to_json())


def test_another_revision_changes_an_output_only(project: Project) -> None:
    """So a push that changes neither code nor layers publishes no version, and shifts no alias."""
    before, after = of_revision(project, "0123abc"), of_revision(project, "4567def")
    assert before["Outputs"].pop("Revision") != after["Outputs"].pop("Revision")
    assert before == after


@pytest.mark.gate
def test_other_code_makes_another_version(project: Project, tmp_path: Path) -> None:
    """The comparison above sees a function whose code differs, and that function only."""
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
    """A function that is declared and has no folder: which there are, and what to do."""
    shutil.copytree(project.layers.parent, tmp_path / "layers")
    manifest = json.loads((tmp_path / "layers" / "layers.json").read_text())
    del manifest["functions"][0]
    (tmp_path / "layers" / "layers.json").write_text(json.dumps(manifest))
    with pytest.raises(WrongUse, match=r"no code of the function echo; it has echo2\b"):
        of_revision(replace(project, layers=tmp_path / "layers" / "layers.json"), "0123abc")
