"""Node.js functions: Lambda's runtime, with the file system, limits and log lines of Python functions."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from rehearsal.emulator.functions.languages import NoInterpreter, find_node
from rehearsal.host import node
from tests.emulator.functions.conftest import Functions, Invocation, needs_mounts, zipped


def make(functions: Functions, code: str, *, file: str = "index.js", **more: Any) -> str:
    """Create a function of one module, and return its name."""
    return functions.make(zipped(**{file: code}), handler="index.handler", **{"Runtime": "nodejs22.x", **more})


def call(functions: Functions, code: str, event: Any = None, **more: Any) -> Invocation:
    return functions.call(make(functions, code, **more), event)


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("index.js", "exports.handler = async (event) => event.a + 1;"),
        ("index.js", "exports.handler = (event, context, done) => done(null, event.a + 1);"),
        ("index.js", "exports.handler = (event, context) => context.succeed(event.a + 1);"),
        ("index.js", "exports.handler = (e, c, done) => { setTimeout(() => done(null, e.a + 1), 20); };"),
        ("index.mjs", "const one = await Promise.resolve(1); export const handler = async (event) => event.a + one;"),
        ("index.cjs", "exports.handler = async (event) => event.a + 1;"),
    ],
)
def test_every_kind_of_handler_answers(functions: Functions, file: str, code: str) -> None:
    """Handlers with promises, callbacks and modules return their response, as in Lambda's Node.js runtimes."""
    result = call(functions, code, {"a": 41}, file=file)
    assert (result.answer, result.error) == (42, False), result.log


@needs_mounts
def test_code_runtime_and_variables_are_where_aws_has_them(functions: Functions) -> None:
    """A Node.js function has the variables that AWS documents, and none of this machine's."""
    code = "exports.handler = async () => ({ file: __filename, cwd: process.cwd(), ...process.env });"
    answer = call(functions, code).answer
    assert (answer["file"], answer["cwd"]) == ("/var/task/index.js", "/var/task")
    assert answer["AWS_EXECUTION_ENV"] == "AWS_Lambda_nodejs22.x"
    assert answer["NODE_PATH"].split(":") == [
        "/opt/nodejs/node22/node_modules",
        "/opt/nodejs/node_modules",
        "/var/runtime/node_modules",
    ]
    assert not answer.keys() & {"HOME", "NODE_OPTIONS", "AWS_ENDPOINT_URL", "VIRTUAL_ENV"}


@needs_mounts
def test_nothing_but_tmp_can_be_written_to_by_node(functions: Functions) -> None:
    """A Node.js function can write only to /tmp."""
    code = """
        const fs = require("fs");
        exports.handler = async () => ["/tmp/a", "/var/task/a", "/opt/a", "/usr/a"].map((path) => {
            try { fs.writeFileSync(path, ""); return true; } catch { return false; }
        });
    """
    assert call(functions, code).answer == [True, False, False, False]


def test_a_layers_modules_are_found(functions: Functions) -> None:
    """A Node.js function imports modules from its layer's /opt/nodejs/node_modules."""
    archive = zipped(**{"nodejs__node_modules__own__index.js": "exports.name = 'of the layer';"})
    layer = functions.publish(archive)
    result = call(functions, "exports.handler = async () => require('own').name;", layers=[layer])
    assert (result.answer, result.error) == ("of the layer", False)


def test_the_log_has_awss_lines(functions: Functions) -> None:
    """The log has START, console lines with time, request id and level, END and REPORT."""
    result = call(functions, "exports.handler = async () => { console.log('a %d', 1); console.error('b\\nc'); };")
    assert re.search(r"^START RequestId: .*^END RequestId: .*^REPORT RequestId: ", result.log, re.DOTALL | re.MULTILINE)
    printed = [line.split("\t") for line in result.log.split("\n") if re.match(r"\d{4}-", line)]
    assert [part[2] for part in printed] == ["INFO", "ERROR"]
    assert printed[0][3].rstrip() == "a 1"
    assert re.fullmatch(r"[0-9a-f-]{36}", printed[0][1])


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        ("exports.handler = async () => { throw new TypeError('no'); };", "TypeError", "no"),
        ("exports.handler = (e, c, done) => done('text');", "string", "text"),
        ("exports.handler = async () => { require('absent'); };", "Error", "Cannot find module 'absent'"),
        ("require('absent');", "Runtime.ImportModuleError", "Error: Cannot find module 'absent'"),
        ("exports.other = 1;", "Runtime.HandlerNotFound", "index.handler is undefined or not exported"),
        ("exports.handler = (", "Runtime.UserCodeSyntaxError", "SyntaxError: Unexpected end of input"),
        ("exports.handler = (e, c, done) => { setTimeout(() => { throw new Error('late'); }, 5); };", "Error", "late"),
        (
            "exports.handler = (e, c, done) => { Promise.reject(new Error('lost')); };",
            "Runtime.UnhandledPromiseRejection",
            "Error: lost",
        ),
    ],
)
def test_errors_have_awss_names(functions: Functions, code: str, kind: str, message: str) -> None:
    """Errors have the types and messages of Lambda's Node.js runtime."""
    result = call(functions, code)
    assert result.error
    assert result.answer["errorType"] == kind
    assert result.answer["errorMessage"].startswith(message)


def test_a_call_that_takes_too_long_is_ended(functions: Functions) -> None:
    """A timeout ends the invocation, and the context returns the remaining time."""
    result = call(functions, "exports.handler = () => new Promise(() => setInterval(() => {}, 1000));", Timeout=1)
    assert result.answer["errorType"] == "Sandbox.Timedout"
    left = call(functions, "exports.handler = async (e, c) => c.getRemainingTimeInMillis();", Timeout=7).answer
    assert 5_000 < left <= 7_000


def test_an_environment_stays_warm(functions: Functions) -> None:
    """The next invocation finds the module state of the first one."""
    name = make(functions, "let calls = 0; exports.handler = async () => ++calls;")
    assert [functions.call(name).answer for _ in range(3)] == [1, 2, 3]


def test_old_runtimes_have_version_2_of_the_sdk_and_new_ones_version_3(functions: Functions) -> None:
    """nodejs16.x has aws-sdk and not @aws-sdk; later runtimes have the reverse, as on AWS."""
    sdk = functions.space.node_sdk
    for folder, name in ((sdk / "v2", "aws-sdk"), (sdk, "@aws-sdk/client-sts")):
        package = folder / "node_modules" / name
        package.mkdir(parents=True, exist_ok=True)
        (package / "index.js").write_text(f"exports.name = {json.dumps(name)};")
    code = """
        const found = (name) => { try { return require(name).name; } catch { return null; } };
        exports.handler = async () => [found("aws-sdk"), found("@aws-sdk/client-sts")];
    """
    assert call(functions, code, Runtime="nodejs16.x").answer == ["aws-sdk", None]
    assert call(functions, code, Runtime="nodejs20.x").answer == [None, "@aws-sdk/client-sts"]


def test_a_function_of_node_reaches_aws_under_its_names(functions: Functions) -> None:
    """Node.js's fetch, which ignores proxies, reaches the embedded AWS and trusts its certificate."""
    code = """
        const url = "https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity";
        exports.handler = async () => (await fetch(url)).status;
    """
    result = call(functions, code)
    assert not result.error, result.answer
    assert result.answer in (200, 400, 403)


def test_an_answer_to_cloudformation_needs_no_port(functions: Functions) -> None:
    """A request to ResponseURL without a port, as CDK's custom resources send it, reaches the embedded AWS."""
    code = """
        const https = require("https");
        exports.handler = () => new Promise((resolve, reject) => {
            const options = { hostname: "127.0.0.1", path: "/_ministack/health", method: "GET" };
            https.request(options, (answer) => resolve(answer.statusCode)).on("error", reject).end();
        });
    """
    result = call(functions, code)
    assert (result.answer, result.error) == (200, False), result.log


def test_a_custom_resource_of_node_answers(functions: Functions) -> None:
    """A stack is created whose Node.js custom resource responds as CDK's framework does."""
    code = """
        const https = require("https");
        exports.handler = (event) => new Promise((resolve, reject) => {
            const url = new URL(event.ResponseURL);
            const { StackId, RequestId, LogicalResourceId } = event;
            const body = JSON.stringify({
                StackId, RequestId, LogicalResourceId,
                Status: "SUCCESS", PhysicalResourceId: "made", Data: { Answer: "42" },
            });
            const headers = { "content-type": "", "content-length": Buffer.byteLength(body) };
            const options = { hostname: url.hostname, path: url.pathname, method: "PUT", headers };
            const request = https.request(options, resolve).on("error", reject);
            request.write(body);
            request.end();
        }).then(() => undefined);
    """
    name = make(functions, code, Timeout=30)
    arn = functions.client("lambda").get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    template = {
        "Resources": {"Mine": {"Type": "Custom::Mine", "Properties": {"ServiceToken": arn}}},
        "Outputs": {"Answer": {"Value": {"Fn::GetAtt": ["Mine", "Answer"]}}},
    }
    api = functions.client("cloudformation")
    api.create_stack(StackName="custom-of-node", TemplateBody=json.dumps(template))
    api.get_waiter("stack_create_complete").wait(
        StackName="custom-of-node", WaiterConfig={"Delay": 0.1, "MaxAttempts": 300}
    )
    (stack,) = api.describe_stacks(StackName="custom-of-node")["Stacks"]
    assert stack["Outputs"][0]["OutputValue"] == "42"


def test_a_function_without_node_on_this_machine_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Node.js on this machine, the error says how to install it."""

    def missing() -> node.NodeInstallation:
        raise node.NodeNotFound

    monkeypatch.setattr(node, "find_node", missing)
    with pytest.raises(NoInterpreter, match=r"the function's runtime is nodejs22\.x: .*`cdk-rehearsal\[node\]`"):
        find_node("nodejs22.x", tmp_path, hosts=False)
