"""Deploy/S3 and Deploy/CloudFormation in the embedded AWS."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.actions.conftest import CODE, Pipelines, kind, s3, template
from tests.conftest import REGION, Embedded

pytestmark = pytest.mark.slow

# Resources whose creation fails and is rolled back.
BROKEN = {"Pipeline": {"Type": "AWS::CodePipeline::Pipeline", "Properties": {"RoleArn": "x", "Stages": []}}}


def stack(name: str, mode: str, run_order: int = 1, **configuration: str) -> dict[str, Any]:
    settings = {"ActionMode": mode, "StackName": name, "TemplatePath": "Code::template.json", **configuration}
    return {
        "name": mode.replace("_", ""),
        "runOrder": run_order,
        "actionTypeId": kind("Deploy", "CloudFormation"),
        "configuration": settings,
        **CODE,
    }


def status(embedded: Embedded, name: str) -> str:
    try:
        return str(embedded.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
    except ClientError:
        return "none"


def test_s3_uploads_the_files_or_the_artifact(pipelines: Pipelines, embedded: Embedded) -> None:
    """With Extract, ObjectKey is the prefix of the files; without, it is the key of the artifact's zip."""
    bucket, client = embedded.bucket(), embedded.client("s3")
    files = s3(BucketName=bucket, Extract="true", ObjectKey="site", CacheControl="max-age=60")
    archive = {**s3(BucketName=bucket, Extract="false", ObjectKey="all.zip"), "name": "Archive"}
    ran = pipelines.run(pipelines.source({"index.html": "<p>", "img/a.svg": "<svg>"}), files, archive)
    assert (ran.status, ran.summary) == ("Succeeded", "")
    keys = {content["Key"] for content in client.list_objects_v2(Bucket=bucket)["Contents"]}
    assert keys == {"all.zip", "site/index.html", "site/img/a.svg"}
    page = client.get_object(Bucket=bucket, Key="site/index.html")
    assert (page["ContentType"], page["CacheControl"]) == ("text/html", "max-age=60")


def test_a_key_of_s3_may_hold_the_time_and_a_random_part(pipelines: Pipelines, embedded: Embedded) -> None:
    """Deploy/S3 replaces `{datetime}` and `{uuid}` in ObjectKey."""
    bucket = embedded.bucket()
    action = s3(BucketName=bucket, Extract="false", ObjectKey="app/{datetime}-{uuid}.zip")
    assert pipelines.run(pipelines.source({"a": "b"}), action).status == "Succeeded"
    (found,) = embedded.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert re.fullmatch(
        r"app/\d{4}(-\d\d){2}_\d\d(-\d\d){2}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.zip", found["Key"]
    )


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        ({"BucketName": "nowhere-at-all", "Extract": "true"}, "cannot write to s3://nowhere-at-all"),
        ({"BucketName": "x", "Extract": "false"}, "ObjectKey is needed"),
        ({"BucketName": "x"}, "needs Extract"),
    ],
)
def test_s3_rejects_a_bad_configuration(pipelines: Pipelines, configuration: dict[str, str], words: str) -> None:
    """A configuration that Deploy/S3 cannot use fails the action; the summary says what is missing or wrong."""
    ran = pipelines.run(pipelines.source({"a": "b"}), s3(**configuration))
    assert (ran.status, words in ran.summary) == ("Failed", True)


def test_a_stack_is_created_and_its_outputs_are_variables_and_a_file(pipelines: Pipelines, embedded: Embedded) -> None:
    """CREATE_UPDATE takes parameters from the template configuration, from overrides and from artifacts."""
    name = embedded.name("stack")
    overrides = {
        "FromText": "text",
        "FromFile": {"Fn::GetParam": ["Code", "values.json", "key"]},
        "FromArtifact": {"Fn::GetArtifactAtt": ["Code", "ObjectKey"]},
    }
    settings = {"Parameters": {"FromSettings": "settings", "FromText": "overridden"}, "Tags": {"team": "a"}}
    files = {
        "template.json": template(FromText="", FromFile="", FromArtifact="", FromSettings=""),
        "values.json": json.dumps({"key": "value"}),
        "settings.json": json.dumps(settings),
    }
    action = stack(
        name,
        "CREATE_UPDATE",
        ParameterOverrides=json.dumps(overrides),
        TemplateConfiguration="Code::settings.json",
        OutputFileName="outputs.json",
    )
    ran = pipelines.run(pipelines.source(files), {**action, "outputArtifacts": [{"name": "Outputs"}]})
    assert (ran.status, ran.summary) == ("Succeeded", "")
    expected = {
        "FromTextOut": "text",
        "FromFileOut": "value",
        "FromArtifactOut": ran.artifact("Source")["key"],
        "FromSettingsOut": "settings",
    }
    assert ran.variables("CREATEUPDATE") == expected
    with pipelines.download(ran.artifact("CREATEUPDATE")) as archive:
        assert json.loads(archive.read("outputs.json")) == expected
    (found,) = embedded.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    assert found["Tags"] == [{"Key": "team", "Value": "a"}]


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ({"Fn::GetParam": ["Code", "values.json", "other"]}, "values.json has no other; it has key"),
        ({"Fn::GetParam": ["Code", "lost.json", "key"]}, "holds no lost.json"),
        ({"Fn::GetArtifactAtt": ["Code", "Colour"]}, "BucketName, ObjectKey, URL are allowed"),
        ({"Fn::Sub": "x"}, "is allowed"),
    ],
)
def test_an_override_that_cannot_be_read_is_an_error(
    pipelines: Pipelines, embedded: Embedded, override: Any, words: str
) -> None:
    """An invalid override fails the action and creates no stack; the summary lists what exists or is allowed."""
    name = embedded.name("stack")
    action = stack(name, "CREATE_UPDATE", ParameterOverrides=json.dumps({"A": override}))
    ran = pipelines.run(pipelines.source({"template.json": template(A=""), "values.json": '{"key": "v"}'}), action)
    assert (ran.status, words in ran.summary, status(embedded, name)) == ("Failed", True, "none")


def test_only_input_artifacts_can_be_read(pipelines: Pipelines, embedded: Embedded) -> None:
    """An action that reads an artifact which is not one of its inputs fails with its name, and deploys nothing."""
    name = embedded.name("stack")
    action = {**stack(name, "CREATE_UPDATE"), "inputArtifacts": []}
    ran = pipelines.run(pipelines.source({"template.json": template()}), action)
    assert (ran.status, status(embedded, name)) == ("Failed", "none")
    assert "Code is not an input artifact of this action; its input artifacts: none" in ran.summary


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"settings.json": '{"Parameters": {"A": 3}}'}, "TemplateConfiguration.Parameters.A: got 3; a text is allowed"),
        ({"settings.json": '{"Parameters": {"A": true}}'}, "Parameters.A: got true; a text is allowed"),
        ({"settings.json": '{"Tags": {"A": 1}}'}, "TemplateConfiguration.Tags.A: got 1; a text is allowed"),
        ({"settings.json": '{"Tags": ["a"]}'}, 'TemplateConfiguration.Tags: got ["a"]; a JSON object is allowed'),
    ],
)
def test_a_template_configuration_holds_texts(
    pipelines: Pipelines, embedded: Embedded, files: dict[str, str], words: str
) -> None:
    """Parameters and tags in a template configuration must be strings; the error names a value that is not."""
    action = stack(embedded.name("stack"), "CREATE_UPDATE", TemplateConfiguration="Code::settings.json")
    ran = pipelines.run(pipelines.source({"template.json": template(A=""), **files}), action)
    assert (ran.status, words in ran.summary) == ("Failed", True)
    assert ran.actions["CREATEUPDATE"]["output"]["executionResult"]["errorDetails"]["code"] == "ConfigurationError"


def test_an_omitted_parameter_gets_its_default_again(pipelines: Pipelines, embedded: Embedded) -> None:
    """An update that omits a parameter sets the template's default, not the value of the last deployment."""
    name = embedded.name("stack")
    files = {"template.json": template(N="1")}
    given = stack(name, "CREATE_UPDATE", ParameterOverrides='{"N": "5"}')
    assert pipelines.run(pipelines.source(files), given).variables("CREATEUPDATE") == {"NOut": "5"}
    ran = pipelines.run(pipelines.source(files), stack(name, "CREATE_UPDATE"))
    assert ran.variables("CREATEUPDATE") == {"NOut": "1"}


def test_actions_reject_a_source_that_is_not_a_zip(pipelines: Pipelines, embedded: Embedded) -> None:
    """Each action that reads a source artifact which is not a zip fails and says so."""
    source = pipelines.source({})
    where = {"Bucket": source["configuration"]["S3Bucket"], "Key": source["configuration"]["S3ObjectKey"]}
    embedded.client("s3").put_object(**where, Body=b"plain")
    deploys = [s3(BucketName=embedded.bucket(), Extract="true"), stack(embedded.name("stack"), "CREATE_UPDATE")]
    ran = pipelines.run(source, *deploys)
    assert ran.summary.count("the input artifact Code is not a zip file: File is not a zip file") == len(deploys)


def test_a_change_set_is_made_then_executed(pipelines: Pipelines, embedded: Embedded) -> None:
    """CHANGE_SET_REPLACE and CHANGE_SET_EXECUTE deploy a stack in two steps, by run order."""
    name = embedded.name("stack")
    make = stack(name, "CHANGE_SET_REPLACE", ChangeSetName="change")
    execute = stack(name, "CHANGE_SET_EXECUTE", 2, ChangeSetName="change")
    ran = pipelines.run(pipelines.source({"template.json": template(A="x")}), make, execute)
    assert (ran.status, ran.variables("CHANGESETEXECUTE")) == ("Succeeded", {"AOut": "x"})


def test_a_change_of_outputs_only_is_deployed(pipelines: Pipelines, embedded: Embedded) -> None:
    """CloudFormation executes a change set that changes only outputs; the topic is not replaced."""
    name = embedded.name("stack")
    make = stack(name, "CHANGE_SET_REPLACE", ChangeSetName="change")
    execute = stack(name, "CHANGE_SET_EXECUTE", 2, ChangeSetName="change")
    topics = []
    for revision in ("a", "b"):
        body = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}, "Outputs": {"Revision": {"Value": revision}}}
        ran = pipelines.run(pipelines.source({"template.json": json.dumps(body)}), make, execute)
        assert (ran.status, ran.variables("CHANGESETEXECUTE")) == ("Succeeded", {"Revision": revision})
        resources = embedded.client("cloudformation").describe_stack_resources(StackName=name)["StackResources"]
        topics += [resource["PhysicalResourceId"] for resource in resources]
    assert topics[0] == topics[1]
    assert status(embedded, name) == "UPDATE_COMPLETE"


def test_a_stack_is_deleted(pipelines: Pipelines, embedded: Embedded) -> None:
    """DELETE_ONLY deletes the stack, and succeeds if the stack does not exist."""
    name = embedded.name("stack")
    embedded.stack(name, {"Topic": {"Type": "AWS::SNS::Topic"}})
    source = pipelines.source({"template.json": template()})
    assert pipelines.run(source, stack(name, "DELETE_ONLY")).status == "Succeeded"
    assert status(embedded, name) in ("none", "DELETE_COMPLETE")
    assert pipelines.run(source, stack(name, "DELETE_ONLY")).status == "Succeeded"


def test_a_failed_stack_is_replaced_where_the_mode_says_so(pipelines: Pipelines, embedded: Embedded) -> None:
    """REPLACE_ON_FAILURE deletes and recreates a failed stack; CREATE_UPDATE fails and keeps it."""
    name = embedded.name("stack")
    embedded.stack(name, BROKEN)
    assert status(embedded, name) == "ROLLBACK_COMPLETE"
    source = pipelines.source({"template.json": template(A="x")})
    assert pipelines.run(source, stack(name, "CREATE_UPDATE")).status == "Failed"
    ran = pipelines.run(source, stack(name, "REPLACE_ON_FAILURE"))
    assert (ran.status, ran.summary, status(embedded, name)) == ("Succeeded", "", "CREATE_COMPLETE")


def test_a_pipeline_cannot_repair_a_stack_that_was_rolled_back(pipelines: Pipelines, embedded: Embedded) -> None:
    """The change set of a stack in ROLLBACK_COMPLETE fails in every run until the stack is deleted."""
    name = embedded.name("stack")
    embedded.stack(name, BROKEN)
    source = pipelines.source({"template.json": template(A="x")})
    prepare = stack(name, "CHANGE_SET_REPLACE", ChangeSetName="change")
    execute = stack(name, "CHANGE_SET_EXECUTE", 2, ChangeSetName="change")
    ran = pipelines.run(source, prepare, execute)
    assert (ran.status, status(embedded, name)) == ("Failed", "ROLLBACK_COMPLETE")
    assert "is in ROLLBACK_COMPLETE state and can not be updated" in ran.summary
    assert pipelines.run(source, stack(name, "DELETE_ONLY")).status == "Succeeded"
    assert pipelines.run(source, prepare, execute).status == "Succeeded"


def test_an_unknown_mode_is_an_error(pipelines: Pipelines, embedded: Embedded) -> None:
    """An unknown ActionMode is an error that lists the known modes."""
    ran = pipelines.run(pipelines.source({"template.json": template()}), stack("x", "CHANGE_SET_FORGET"))
    assert "there are CHANGE_SET_EXECUTE, CHANGE_SET_REPLACE" in ran.summary


def test_an_action_in_another_region_reads_its_artifacts_there(pipelines: Pipelines, embedded: Embedded) -> None:
    """CodePipeline copies input artifacts to the store of the action's region; output artifacts are written there."""
    other = "us-west-2"
    stores = {region: {"type": "S3", "location": embedded.bucket(region)} for region in (REGION, other)}
    name = embedded.name("stack")
    overrides = {"Bucket": {"Fn::GetArtifactAtt": ["Code", "BucketName"]}}
    action = stack(name, "CREATE_UPDATE", ParameterOverrides=json.dumps(overrides), OutputFileName="o.json")
    there = {**action, "region": other, "outputArtifacts": [{"name": "Outputs"}]}
    ran = pipelines.run(pipelines.source({"template.json": template(Bucket="")}), there, stores=stores)
    assert (ran.status, ran.summary) == ("Succeeded", "")
    assert ran.variables("CREATEUPDATE") == {"BucketOut": stores[other]["location"]}
    assert ran.artifact("CREATEUPDATE")["bucket"] == stores[other]["location"]
    found = embedded.client("cloudformation", other).describe_stacks(StackName=name)["Stacks"]
    assert [stack_["StackStatus"] for stack_ in found] == ["CREATE_COMPLETE"]
