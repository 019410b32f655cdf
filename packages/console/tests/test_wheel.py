"""The installed wheel with its dependencies only: the command serves every page."""

from __future__ import annotations

import http.client
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.builds import FAILED, Builds
from tests.conftest import free_port
from tests.fake_aws import FakeAws
from tests.pages.test_approval_page import artifact
from tests.pipelines import Pipeline, red, waiting
from tests.root import PACKAGE, ROOT

pytestmark = pytest.mark.slow
UV = shutil.which("uv", path=os.pathsep.join([str(ROOT / ".tools" / "bin"), os.environ["PATH"]])) or "uv"


def variables() -> dict[str, str]:
    """Return this process's environment variables without the ones that lead to this repository."""
    return {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}}


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed command."""
    folder = tmp_path_factory.mktemp("wheel")
    python = folder / "env" / "bin" / "python"
    for line in (
        (UV, "build", "--quiet", "--wheel", "--out-dir", folder, PACKAGE),
        (UV, "venv", "--quiet", "--python", sys.executable, folder / "env"),
        (UV, "pip", "install", "--quiet", "--python", python, "--find-links", folder, "cdk-pipeline-console"),
    ):
        done = subprocess.run(line, cwd=folder, env=variables(), check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    return python.with_name("pipeline-console")


def test_the_wheel_holds_every_file_of_the_package(command: Path) -> None:
    """The wheel has every file of the package and the licence, and no copied code."""
    (packages,) = command.parent.parent.glob("lib/python*/site-packages")
    source = PACKAGE / "src" / "pipeline_console"
    here, there = (
        {file.relative_to(top) for file in top.rglob("*") if file.is_file() and "__pycache__" not in file.parts}
        for top in (source, packages / "pipeline_console")
    )
    assert here ^ there == set()
    assert len([file for file in there if file.suffix in (".html", ".js", ".css", ".svg")]) > 20
    (licence,) = packages.glob("cdk_pipeline_console-*.dist-info/licenses/LICENSE")
    assert licence.read_text() == (PACKAGE / "LICENSE").read_text()


def test_the_installed_command_serves_every_page(aws: FakeAws, command: Path, tmp_path: Path) -> None:
    """The installed command serves every page from a folder outside of the repository."""
    failed = red()
    Pipeline(waiting(), failed).serve(aws)
    Builds(aws).add("synth:2", FAILED)
    aws.files["/artifacts/shop/Changes_Ou/abc"] = artifact()
    port = free_port()
    env = {**variables(), "XDG_STATE_HOME": str(tmp_path)}
    line = (str(command), "--region", "eu-west-1", "--port", str(port), "--allow-approve")
    with subprocess.Popen(line, cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            url = urlsplit(process.stdout.readline().split()[1])
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("GET", f"{url.path}?{url.query}")
            answer = connection.getresponse()
            answer.read()
            cookie = {"Cookie": str(answer.getheader("set-cookie")).partition(";")[0]}
            run = f"/executions/{failed.id}/actions/{failed.runs[1].id}"
            pages = ["/", f"/executions/{failed.id}", f"{run}/log", f"{run}/build", "/executions", "/functions"]
            for path in [*pages, "/approvals/Prod/Approve", "/static/console.css", "/static/log.js"]:
                connection.request("GET", path, headers=cookie)
                answer = connection.getresponse()
                assert (answer.status, len(answer.read()) > 50) == (200, True), path
            connection.close()
        finally:
            process.terminate()
