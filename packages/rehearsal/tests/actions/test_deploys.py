"""Deploy/S3, Deploy/CloudFormation and Invoke/Lambda in the embedded AWS."""

from __future__ import annotations

import json
import re
import threading
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rehearsal.project.git_repository import SNAPSHOT_MESSAGE
from tests.actions.conftest import Pipelines, kind, template
from tests.conftest import REGION, Embedded

pytestmark = pytest.mark.slow

CODE = {"inputArtifacts": [{"name": "Code"}]}
# Resources whose creation fails and is rolled back.
BROKEN = {"Pipeline": {"Type": "AWS::CodePipeline::Pipeline", "Properties": {"RoleArn": "x", "Stages": []}}}


def s3(**configuration: str) -> dict[str, Any]:
    return {"name": "Deploy", "actionTypeId": kind("Deploy", "S3"), "configuration": configuration, **CODE}


def stack(name: str, mode: str, run_order: int = 1, **configuration: str) -> dict[str, Any]:
    settings = {"ActionMode": mode, "StackName": name, "TemplatePath": "Code::template.json", **configuration}
    return {
        "name": mode.replace("_", ""),
        "runOrder": run_order,
        "actionTypeId": kind("Deploy", "CloudFormation"),
        "configuration": settings,
        **CODE,
    }


def invoke(function: str, **more: Any) -> dict[str, Any]:
    configuration = {"FunctionName": function, "UserParameters": "hello"}
    return {"name": "Invoke", "actionTypeId": kind("Invoke", "Lambda"), "configuration": configuration, **more}


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


HANDLER = """
import boto3

def handler(event, context):
    job = event["CodePipeline.job"]
    api = boto3.client("codepipeline")
    BODY
"""


def handler(body: str) -> str:
    return HANDLER.replace("BODY", body)


SUCCEEDS = """
    data = job["data"]
    place = data["inputArtifacts"][0]["location"]["s3Location"]
    user = data["actionConfiguration"]["configuration"]["UserParameters"]
    if "continuationToken" not in data:
        return api.put_job_success_result(jobId=job["id"], continuationToken="again")
    variables = {"user": user, "key": place["objectKey"], "token": data["continuationToken"]}
    target = data["outputArtifacts"][0]["location"]["s3Location"]
    boto3.client("s3").put_object(Bucket=target["bucketName"], Key=target["objectKey"], Body=b"made")
    api.put_job_success_result(jobId=job["id"], outputVariables=variables, executionDetails={"summary": "well done"})
"""


def test_a_function_reads_its_job_and_answers_it(pipelines: Pipelines, embedded: Embedded) -> None:
    """CodePipeline invokes the function again for its continuation token, and uses its variables and its artifact."""
    function = pipelines.function(handler(SUCCEEDS))
    ran = pipelines.run(
        pipelines.source({"a": "b"}), invoke(function, **CODE, outputArtifacts=[{"name": "Made"}], namespace="Call")
    )
    assert (ran.status, ran.summary) == ("Succeeded", "")
    key = ran.artifact("Source")["key"]
    assert ran.variables("Invoke") == {"user": "hello", "key": key, "token": "again"}
    made = ran.artifact("Invoke")
    body = embedded.client("s3").get_object(Bucket=made["bucket"], Key=made["key"])["Body"].read()
    assert body == b"made"


ECHOES = """
    user = job["data"]["actionConfiguration"]["configuration"]["UserParameters"]
    api.put_job_success_result(jobId=job["id"], outputVariables={"user": user})
"""


@pytest.mark.parametrize("message", ['Merge "x"', "Merge x\n\nbody", f"{SNAPSHOT_MESSAGE} 0123456"])
def test_a_commit_message_is_not_escaped_in_user_parameters(
    pipelines: Pipelines, embedded: Embedded, message: str
) -> None:
    """UserParameters gets a commit message unescaped, which can break its JSON.

    If the message is the rehearsal's own, which has nothing to escape, the action's log warns about it.
    """
    first = {**invoke(pipelines.function(handler(ECHOES))), "name": "Message", "namespace": "Message"}
    first["configuration"] = {**first["configuration"], "UserParameters": message}
    second = {**invoke(pipelines.function(handler(ECHOES))), "runOrder": 2}
    second["configuration"] = {**second["configuration"], "UserParameters": '{"message": "#{Message.user}"}'}
    ran = pipelines.run(pipelines.source({"a": "b"}), first, second)
    assert (ran.status, ran.variables("Invoke")) == ("Succeeded", {"user": f'{{"message": "{message}"}}'})
    log = max(embedded.workspace.executions.glob("*/*/Invoke/1/action.log"), key=lambda path: path.stat().st_mtime)
    noted = "UserParameters holds the commit's message as it is" in log.read_text()
    assert noted == (SNAPSHOT_MESSAGE in message)


FAILS = 'api.put_job_failure_result(jobId=job["id"], failureDetails={"type": "JobFailed", "message": "no luck"})'


@pytest.mark.parametrize(
    ("body", "words"), [(FAILS, "no luck"), ('raise ValueError("broken")', "broken")], ids=["fails", "errors"]
)
def test_a_function_fails_its_action(pipelines: Pipelines, body: str, words: str) -> None:
    """A function fails its action by PutJobFailureResult, or by an exception before it answers."""
    ran = pipelines.run(pipelines.source({"a": "b"}), invoke(pipelines.function(handler(body))))
    assert (ran.status, words in ran.summary) == ("Failed", True)


def test_a_function_decides_on_a_condition(pipelines: Pipelines, embedded: Embedded) -> None:
    """A job that fails in a LambdaInvoke rule skips the stage if the condition's result is SKIP."""
    configuration = {"FunctionName": pipelines.function(handler(FAILS))}
    rule = {"name": "Ask", "ruleTypeId": kind("Rule", "LambdaInvoke"), "configuration": configuration}
    entry = {"conditions": [{"result": "SKIP", "rules": [rule]}]}
    bucket = embedded.bucket()
    ran = pipelines.run(pipelines.source({"a": "b"}), s3(BucketName=bucket, Extract="true"), beforeEntry=entry)
    assert (ran.status, list(ran.actions)) == ("Succeeded", ["Source"])


def alarm(embedded: Embedded, state: str) -> str:
    """Create an alarm that stays in `state` until SetAlarmState, and return its name."""
    name, cloudwatch = embedded.name("alarm"), embedded.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        MetricName="m",
        Namespace="n",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        Statistic="Sum",
        TreatMissingData="ignore",
    )
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")
    return name


def watch(alarm: str, minutes: int) -> dict[str, Any]:
    """Return a condition with a CloudWatchAlarm rule."""
    configuration = {"AlarmName": alarm, "WaitTime": str(minutes)}
    rule = {"name": "Watch", "ruleTypeId": kind("Rule", "CloudWatchAlarm"), "configuration": configuration}
    return {"conditions": [{"result": "FAIL", "rules": [rule]}]}


@pytest.mark.parametrize(("state", "status"), [("OK", "Succeeded"), ("ALARM", "Failed")])
@pytest.mark.parametrize("when", ["beforeEntry", "onSuccess"])
def test_an_alarm_decides_on_a_condition(
    pipelines: Pipelines, embedded: Embedded, when: str, state: str, status: str
) -> None:
    """A CloudWatchAlarm rule decides before and after a stage."""
    action = s3(BucketName=embedded.bucket(), Extract="true")
    condition = {when: watch(alarm(embedded, state), 0)}
    assert pipelines.run(pipelines.source({"a": "b"}), action, **condition).status == status


def test_an_alarm_in_the_bake_time_fails_the_stage(pipelines: Pipelines, embedded: Embedded) -> None:
    """The rule watches for its whole wait time after the stage, and fails as soon as the alarm goes to ALARM."""
    name = alarm(embedded, "OK")
    api = embedded.client("cloudwatch")
    later = threading.Timer(3, api.set_alarm_state, (), {"AlarmName": name, "StateValue": "ALARM", "StateReason": "x"})
    later.start()
    began = time.monotonic()
    ran = pipelines.run(
        pipelines.source({"a": "b"}), s3(BucketName=embedded.bucket(), Extract="true"), onSuccess=watch(name, 6_000)
    )
    assert (ran.status, f"alarm {name} is ALARM" in ran.summary) == ("Failed", True)
    assert time.monotonic() - began < 25, "the rule waited on after the alarm"


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
