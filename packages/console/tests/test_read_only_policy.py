"""The console as an AWS client that has only the printed policy, also with single permissions removed.

`delivery access console` prints the policy, and the embedded AWS of a rehearsal evaluates it.
"""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rehearsal.aws import root
from rehearsal.workspace.layout import Workspace

from pipeline_console.pages.site import Options, Site
from pipeline_console.reads.client import Aws
from pipeline_console.reads.pipeline import PipelineReads
from pipeline_console.security import Keys
from tests.conftest import Console, free_port
from tests.deployment import Deployment, deploy_function, deploy_pipeline, read_policies, write_profiles
from tests.embedded_aws import embedded_aws
from tests.fake_aws import eventually

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The embedded AWS with a pipeline, its build, a function, and a role in each account that has only the policy."""
    folder = tmp_path_factory.mktemp("policy")
    policies = read_policies()
    arn = policies[next(iter(policies))]["Statement"][0]["Resource"][0].split(":")
    stage = list(policies.values())[1]["Statement"][0]["Sid"].removesuffix("Stacks")
    with embedded_aws(folder) as running:
        config = {"AWS_CONFIG_FILE": str(folder / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials")}
        found = Deployment(running, arn[5], arn[3], policies, stage, config)
        deploy_pipeline(found)
        deploy_function(found)
        write_profiles(found)
        yield found


@pytest.fixture
def variables(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """The environment variables of a user whose endpoint is the embedded AWS, with credentials in profiles."""
    for name, value in deployment.endpoint.environ(root(deployment.account), deployment.region).items():
        if "ENDPOINT" in name or "BUNDLE" in name:
            monkeypatch.setenv(name, value)
    for name in [name for name in os.environ if name.startswith(("AWS_ACCESS", "AWS_SECRET", "AWS_SESSION"))]:
        monkeypatch.delenv(name)
    for name, value in deployment.config.items():
        monkeypatch.setenv(name, value)
    deployment.allow()
    return deployment


@pytest.fixture
def server_pid(variables: Deployment) -> int:
    """The process id of the embedded AWS."""
    server = Workspace(Path(variables.config["AWS_CONFIG_FILE"]).parent).server()
    assert server
    return server.pid


def console_of(deployment: Deployment) -> Console:
    """Return a console that has read nothing yet, read-only as on AWS."""
    accounts = {deployment.environment: f"of-{deployment.environment}"}
    aws, port = Aws(f"of-{deployment.account}", deployment.region, accounts), free_port()
    return Console(Site(aws, PipelineReads(aws, deployment.name), Keys(port), Options()), port)


@pytest.fixture
def console(variables: Deployment) -> Iterator[Console]:
    """A console with the complete policy, whose pipeline waits for an approval."""
    found = console_of(variables)
    found.start()
    eventually(lambda: "/approvals/Gate/Approve" in found.get("/").text, seconds=60)
    yield found
    found.stop()


def paths(console: Console) -> dict[str, str]:
    """Return the path of each page for the waiting execution."""
    (execution,) = console.site.reads.executions(1)
    id_ = execution["pipelineExecutionId"]
    build = next(detail for detail in console.site.reads.actions(id_) if detail["actionName"] == "Synth")
    run = f"/executions/{id_}/actions/{build['actionExecutionId']}"
    return {
        "pipeline": "/",
        "execution": f"/executions/{id_}",
        "build": f"{run}/build",
        "log": f"{run}/log/lines",
        "approval": "/approvals/Gate/Approve",
        "history": "/executions",
        "functions": "/functions",
    }


def test_the_printed_policy_is_enough_for_every_page(console: Console) -> None:
    """Every page shows its content with the printed policy, and names no missing permission."""
    expected = {
        "pipeline": "waits for an approval",
        "execution": "Synth",
        "build": "test_tax",
        "log": "built",
        "approval": "everything",
        "history": "Lead time",
        "functions": "version 1 100%",
    }
    for name, path in paths(console).items():
        eventually(lambda path=path, name=name: expected[name] in console.get(path).text)  # type: ignore[misc]
        assert "Missing permission" not in console.get(path).text, name
    functions = console.get("/functions").text
    assert "python3.13" in functions
    assert "1 call, <span>0 errors</span> in the last day · cold starts: 1 of 1 call in the last 6 hours" in functions


DENIALS = {
    "codepipeline:GetPipeline": "pipeline",
    "codepipeline:GetPipelineState": "pipeline",
    "codepipeline:ListPipelineExecutions": "pipeline",
    "codepipeline:ListActionExecutions": "history",
    "codebuild:BatchGetBuilds": "build",
    "codebuild:BatchGetReports": "build",
    "codebuild:DescribeTestCases": "build",
    "logs:GetLogEvents": "log",
    "s3:GetObject": "approval",
    "kms:Decrypt": "approval",
    "cloudformation:ListStackResources": "functions",
    "lambda:GetFunctionConfiguration": "functions",
    "lambda:ListAliases": "functions",
    "lambda:ListVersionsByFunction": "functions",
    "logs:FilterLogEvents": "functions",
    "cloudwatch:GetMetricStatistics": "functions",
}
# The text that a page still shows without the action; every page needs the first three reads.
LEFT = {"history": "Executions", "build": "", "log": "", "approval": "Gate / Approve", "functions": "Functions"}


@pytest.mark.gate
def test_each_permission_that_is_taken_away_is_named_and_the_rest_works(
    console: Console, variables: Deployment
) -> None:
    """The page that needs a removed permission names it, and shows its other parts."""
    pages = paths(console)
    for denied, page in DENIALS.items():
        variables.allow(without=denied)
        forget(console)
        eventually(lambda page=page, denied=denied: denied in console.get(pages[page]).text)  # type: ignore[misc]
        answer = console.get(pages[page])
        assert (answer.status == 200) == (page != "pipeline"), denied
        assert LEFT.get(page, "") in answer.text, denied


def forget(console: Console) -> None:
    """Clear the console's caches."""
    console.site.reads._cache.clear()
    console.site.reads._ended.clear()
    console.site.logs.close()


def test_the_weights_of_an_alias_are_read_while_they_move(console: Console, variables: Deployment) -> None:
    """The printed policy suffices to read an alias's weights during a shift."""
    console.get("/functions")
    functions, name = variables.client("lambda", variables.environment), f"{variables.stage}-Shop-Basket"
    functions.update_function_configuration(FunctionName=name, Description="another version")
    version = functions.publish_version(FunctionName=name)["Version"]
    routing = {"AdditionalVersionWeights": {version: 0.1}}
    functions.update_alias(FunctionName=name, Name="live", RoutingConfig=routing)
    try:
        part = console.get(f"/functions/weights?environment={variables.stage}").text
        assert "version 1 90%" in part
        assert f"version {version} 10%" in part
        assert "Missing permission" not in part
    finally:
        functions.update_alias(FunctionName=name, Name="live", RoutingConfig={})


def test_every_action_of_the_policy_is_tried(deployment: Deployment) -> None:
    """Every action of the policy is tested, except GetPipelineExecution, which older executions need."""
    actions = {a for policy in deployment.policies.values() for s in policy["Statement"] for a in s["Action"]}
    assert actions - DENIALS.keys() == {"codepipeline:GetPipelineExecution"}


def test_an_older_execution_needs_its_own_permission(console: Console, variables: Deployment) -> None:
    """The page of an older execution names its missing permission."""
    path = "/executions/00000000-0000-4000-8000-000000000000"
    assert console.get(path).status == 404
    variables.allow(without="codepipeline:GetPipelineExecution")
    assert "Missing permission: <code>codepipeline:GetPipelineExecution</code>" in console.get(path).text


def processor_seconds(pid: int) -> float:
    """Return a process's processor time. Source: Linux manual page proc_pid_stat(5), utime and stime."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_an_open_page_follows_an_idle_pipeline(console: Console, variables: Deployment, server_pid: int) -> None:
    """An open page stays connected; the test prints the processor time of console and embedded AWS."""
    command = [sys.executable, "-m", "pipeline_console", "--rehearsed", "--profile", f"of-{variables.account}"]
    port = free_port()
    command += ["--region", variables.region, "--pipeline", variables.name, "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            cookie = log_in(process, port)
            events = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            events.request("GET", "/events", headers=cookie)
            stream = events.getresponse()
            stream.readline()
            time.sleep(2)
            share = percent_of_a_processor(process.pid, server_pid)
            assert not stream.isclosed()
            events.close()
        finally:
            process.terminate()
    print(f"an idle page costs {share:.2f}% of a processor")


def percent_of_a_processor(*pids: int) -> float:
    """Return the processor time of processes over some seconds, in percent."""
    begin, before = time.monotonic(), sum(map(processor_seconds, pids))
    time.sleep(6)
    return 100 * (sum(map(processor_seconds, pids)) - before) / (time.monotonic() - begin)


def log_in(process: subprocess.Popen[str], port: int) -> dict[str, str]:
    """Open the printed URL, and return the header with its cookie."""
    assert process.stdout
    said = process.stdout.readline()
    token = re.search(r"token=(\S+)", said)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", f"/?token={token[1] if token else ''}")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return {"Cookie": str(answer.getheader("set-cookie")).partition(";")[0]}


def test_the_command_serves_aws_with_a_profile(variables: Deployment) -> None:
    """The command with a profile serves a read-only console, as for a user of AWS."""
    port = free_port()
    given = ["--profile", f"of-{variables.account}", "--region", variables.region, "--pipeline", variables.name]
    given += ["--account", f"{variables.environment}=of-{variables.environment}", "--port", str(port)]
    command = [sys.executable, "-m", "pipeline_console", *given]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            cookie = log_in(process, port)
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("GET", "/functions", headers=cookie)
            page = connection.getresponse().read().decode()
            assert f"{variables.stage}-Shop-Basket" in page
            assert f"AWS · {variables.region} · read-only" in page
            connection.close()
        finally:
            process.terminate()
