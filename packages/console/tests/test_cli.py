"""The command: its output, and its errors."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from pipeline_console.cli import main
from tests.builds import FAILED, Builds
from tests.fake_aws import FakeAws, Refused
from tests.pipelines import NAME, Pipeline, green, red


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    """Run the command, and return its exit status."""
    monkeypatch.setattr(sys, "argv", ["pipeline-console", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


def test_a_report_is_one_self_contained_file(aws: FakeAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The HTML report has the first error, and no scripts, external files or forms."""
    Pipeline(red(message="Break <it>"), green()).serve(aws)
    Builds(aws).add("synth:2", FAILED)
    file = tmp_path / "report.html"
    assert run(monkeypatch, "--region", "eu-west-1", "--html", str(file)) == 0
    page = file.read_text()
    assert "Incompatible return value type" in page
    assert "Break &lt;it&gt;" in page
    assert "make types" in page
    for absent in ("<script", "<link", "<form", 'href="/', "src=", "url("):
        assert absent not in page
    assert "default-src 'none'" in page


def test_history_is_written_as_json(
    aws: FakeAws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--json -` writes the history to standard output."""
    Pipeline(green()).serve(aws)
    assert run(monkeypatch, "--region", "eu-west-1", "--json", "-") == 0
    assert json.loads(capsys.readouterr().out)["pipeline"] == NAME


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--region", "eu-west-1", "--profile", "nobody"], "there is no AWS profile nobody"),
        (["--region", "eu-west-1", "--account", "12=x"], "ACCOUNT=PROFILE is needed"),
        (["--region", "eu-west-1", "--port", "x"], "not a valid integer"),
        ([], "no region is set"),
    ],
    ids=str,
)
@pytest.mark.usefixtures("aws")
def test_wrong_use_ends_with_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    """Wrong use exits with 2; the message has the value read and the allowed ones."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    assert run(monkeypatch, *arguments) == 2
    assert said in capsys.readouterr().err


def test_several_pipelines_need_a_choice(
    aws: FakeAws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With several pipelines the command exits with 2 and lists their names."""
    aws.operations["codepipeline:ListPipelines"] = lambda _: {"pipelines": [{"name": "one"}, {"name": "two"}]}
    assert run(monkeypatch, "--region", "eu-west-1") == 2
    assert "one, two; choose one by --pipeline NAME" in capsys.readouterr().err


def test_a_denied_start_ends_with_1(
    aws: FakeAws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A denied read at the start exits with 1 and names the permission."""
    aws.refusals["codepipeline:GetPipeline"] = Refused("AccessDeniedException", "denied")
    assert run(monkeypatch, "--region", "eu-west-1", "--pipeline", "shop") == 1
    assert "codepipeline:GetPipeline" in capsys.readouterr().err


def test_a_bug_leaves_a_log(aws: FakeAws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A bug exits with 3 and prints the path of a log with the traceback; the terminal shows no traceback."""
    monkeypatch.setattr("pipeline_console.reads.pipeline.choose", lambda *_: 1 / 0)
    assert run(monkeypatch, "--region", "eu-west-1") == 3
    said = capsys.readouterr().err
    log = Path(re.search(r"report it with (\S+)", said)[1])  # type: ignore[index]
    assert "ZeroDivisionError" in log.read_text()
    assert "Traceback" not in said
    log.unlink()
