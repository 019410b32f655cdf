"""A function's environment: file system, environment variables and interpreter."""

from __future__ import annotations

import io
import platform
import stat
import zipfile

import pytest
from botocore.exceptions import ClientError

from rehearsal.host import interpreters
from tests.emulator.functions.conftest import ACCOUNT, REGION, RUNTIME, Functions, needs_mounts

RESERVED = {
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
    "_HANDLER",
}
DEFAULTS = {
    "AWS_XRAY_CONTEXT_MISSING",
    "AWS_XRAY_DAEMON_ADDRESS",
    "LANG",
    "LD_LIBRARY_PATH",
    "PATH",
    "PYTHONPATH",
    "TZ",
}
BEYOND = {"AWS_LAMBDA_LOG_FORMAT", "PWD"}  # AWS sets them too, although its list omits them
OURS = {
    *("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy"),
    *("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"),
}
PYTHONS_OWN = {"LC_CTYPE"}  # the interpreter sets it where the machine lacks the locale


def test_the_documented_variables_are_there_and_nothing_of_this_machine(functions: Functions) -> None:
    """A function has AWS's documented variables and the settings for the embedded AWS, and no other ones."""
    found = functions.ask("dict(os.environ)")
    assert set(found) - PYTHONS_OWN == RESERVED | DEFAULTS | BEYOND | OURS
    assert found["_HANDLER"] == "main.handler"
    assert found["AWS_EXECUTION_ENV"] == f"AWS_Lambda_{RUNTIME}"
    assert found["TZ"] == ":UTC"
    assert (found["LAMBDA_TASK_ROOT"], found["LAMBDA_RUNTIME_DIR"]) == ("/var/task", "/var/runtime")
    assert found["LD_LIBRARY_PATH"].split(":")[-2:] == ["/var/task/lib", "/opt/lib"]
    assert found["PATH"].split(":")[-1] == "/opt/bin"
    assert found["AWS_LAMBDA_LOG_GROUP_NAME"] == f"/aws/lambda/{found['AWS_LAMBDA_FUNCTION_NAME']}"
    assert found["AWS_REGION"] == REGION


def test_the_functions_own_variables_cannot_replace_reserved_ones(functions: Functions) -> None:
    """A function may replace LANG or PATH; Lambda rejects a function that sets reserved variables."""
    own = {"LANG": "C", "MINE": "1"}
    asked = functions.ask("[os.environ[name] for name in ('LANG', 'MINE')]", Environment={"Variables": own})
    assert asked == ["C", "1"]
    with pytest.raises(ClientError, match="Reserved keys used in this request: AWS_REGION, _HANDLER"):
        functions.make("", Environment={"Variables": {"AWS_REGION": "mars-1", "_HANDLER": "other.handler", **own}})


def test_code_and_layers_lie_where_aws_has_them(functions: Functions) -> None:
    """/var/task is the working directory; /opt has the files of the layers."""
    layer = functions.layer(bin__tool="#!/bin/sh\necho ran", python__piece_py="")
    assert functions.ask("[os.getcwd(), sorted(os.listdir('/var/task'))]") == ["/var/task", ["main.py"]]
    assert functions.ask("sorted(os.listdir('/opt'))", layers=[layer]) == ["bin", "python"]


@needs_mounts
@pytest.mark.parametrize(
    "folder",
    ["/var/task", "/opt", "/var/runtime", f"/var/lang/lib/{RUNTIME}/site-packages", "/", "/var/tmp", "/usr/local"],
)
def test_nothing_but_tmp_can_be_written_to(functions: Functions, folder: str) -> None:
    """A function can write only to /tmp; other folders are read-only, as on AWS."""
    result = functions.call(functions.make(f"def handler(event, context):\n    open('{folder}/new', 'w')\n"))
    assert result.answer["errorType"] == "OSError"
    assert "Read-only file system" in result.answer["errorMessage"]


def test_tmp_is_the_functions_own_and_stays_while_it_is_warm(functions: Functions) -> None:
    """A warm function keeps its files in /tmp, and no other function sees them."""
    code = "import os\nhandler = lambda *_: [os.listdir('/tmp'), open('/tmp/left', 'w').close()][0]"
    name = functions.make(code)
    assert [functions.call(name).answer, functions.call(name).answer] == [[], ["left"]]
    assert functions.call(functions.make(code)).answer == []


def test_tmp_has_the_size_that_the_function_says(functions: Functions) -> None:
    """/tmp has the size of EphemeralStorage, 512 MB by default."""
    size = "os.statvfs('/tmp').f_blocks * os.statvfs('/tmp').f_frsize // 1024**2"
    assert functions.ask(size) == 512
    assert functions.ask(size, EphemeralStorage={"Size": 1024}) == 1024


@needs_mounts
def test_a_function_sees_only_its_own_processes(functions: Functions) -> None:
    """A function sees only its own processes and their init process, not the one with the accounts' credentials."""
    assert functions.ask("sorted(name for name in os.listdir('/proc') if name.isdigit())") == ["1", "2"]


@needs_mounts
def test_a_function_has_no_capabilities(functions: Functions) -> None:
    """A function has no capabilities, also if root rehearses, so that it cannot undo the sandbox."""
    held = "[line.split()[1] for line in open('/proc/self/status') if line.startswith('Cap')]"
    assert functions.ask(held) == ["0" * 16] * 5


@needs_mounts
def test_a_python_that_a_function_starts_finds_the_runtimes_packages_alone(functions: Functions) -> None:
    """A Python subprocess of a function imports the SDK, and none of this machine's packages."""
    code = "import boto3, importlib.util as util; print([util.find_spec(name) for name in ('pip', 'ministack')])"
    assert (
        functions.ask(f"__import__('subprocess').check_output(['python3', '-c', {code!r}]).decode()")
        == "[None, None]\n"
    )


def test_the_interpreter_is_that_of_the_runtime(functions: Functions) -> None:
    """A function runs with its runtime's Python version and the SDK, also if the rehearsal has another version."""
    others = {version.rpartition(".")[0] for version in interpreters.find_interpreters()} & {
        "3.10",
        "3.11",
        "3.12",
        "3.13",
        "3.14",
    }
    other = min(others - {platform.python_version().rpartition(".")[0]}, default=None)
    if other is None:
        pytest.skip("no second Python on this machine")
    asked = functions.ask("[sys.version_info[:2], __import__('boto3').__name__]", Runtime=f"python{other}")
    assert asked == [[int(part) for part in other.split(".")], "boto3"]


def test_a_missing_runtime_is_an_error_with_its_name(functions: Functions) -> None:
    """A missing runtime is an error that names the available versions; no other interpreter is used."""
    result = functions.call(functions.make("handler = print", Runtime="python3.99"))
    assert result.answer["errorType"] == "NoInterpreter"
    assert "runtime is python3.99, and this machine has no Python 3.99, but " in result.answer["errorMessage"]
    assert platform.python_version() in result.answer["errorMessage"]


def test_a_function_reaches_the_embedded_aws_with_its_credentials(functions: Functions) -> None:
    """The SDK reaches the embedded AWS without any setting in the function."""
    code = "import boto3\ndef handler(event, context):\n    return boto3.client('sts').get_caller_identity()['Account']"
    assert functions.call(functions.make(code)).answer == ACCOUNT


def test_modes_and_links_of_an_archive_are_kept(functions: Functions) -> None:
    """A layer's executable can be run, also through its symbolic link."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, mode, content in (
            ("bin/tool", stat.S_IFREG | 0o755, "#!/bin/sh\necho ran"),
            ("bin/other-name", stat.S_IFLNK | 0o777, "tool"),
        ):
            entry = zipfile.ZipInfo(path)
            entry.external_attr = mode << 16
            archive.writestr(entry, content)
    layer = functions.publish(buffer.getvalue())
    assert functions.ask("__import__('subprocess').check_output('other-name').decode()", layers=[layer]) == "ran\n"


@needs_mounts
def test_the_bundle_of_amazon_linux_leads_to_the_embedded_aws(functions: Functions) -> None:
    """Amazon Linux's certificate bundle becomes the embedded AWS's; a function's own bundle is unchanged."""
    system = "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"
    variables = {"AWS_CA_BUNDLE": system, "REQUESTS_CA_BUNDLE": "/var/task/own.pem"}
    found = functions.ask("dict(os.environ)", Environment={"Variables": variables})
    assert found["AWS_CA_BUNDLE"] == "/var/runtime/certificates.pem"
    assert found["REQUESTS_CA_BUNDLE"] == "/var/task/own.pem"
    assert functions.ask("os.path.exists(os.environ['AWS_CA_BUNDLE'])", Environment={"Variables": variables}) is True
