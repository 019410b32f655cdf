"""The HTML page of an execution."""

from __future__ import annotations

import io
import json
import re
import zipfile

import pytest

from tests.builds import FAILED, Builds
from tests.conftest import Console
from tests.fake_aws import FakeAws, Refused
from tests.pipelines import Execution, Pipeline, Run, green, red, waiting


def test_a_red_execution_begins_with_its_first_error(aws: FakeAws, console: Console) -> None:
    """A failed execution's page begins with the failing line, its context, file, command, and the next command."""
    execution = red()
    Pipeline(execution, green()).serve(aws)
    Builds(aws, page=4).add("synth:2", FAILED)
    page = console.get(f"/executions/{execution.id}").text
    assert "Incompatible return value type" in page
    assert "basket/price.py:12" in page
    assert "make check" in page
    assert 'data-copy="make types"' in page
    assert page.index("First error") < page.index('id="waterfall"')


def test_the_first_error_is_found_in_a_colored_log(aws: FakeAws, console: Console) -> None:
    """Escape sequences do not hide the first error, and the test id is quoted for a shell."""
    execution = red()
    Pipeline(execution).serve(aws)
    test = "FAILED tests/test_price.py::test_prices[1 EUR] - AssertionError: assert 1 == 2"
    lines = [*FAILED[:8], f"\x1b[31m{test}\x1b[0m", "make: *** [Makefile:7: unit] Error 1", *FAILED[12:]]
    Builds(aws).add("synth:2", lines)
    page = console.get(f"/executions/{execution.id}").text
    assert "AssertionError: assert 1 == 2</p>" in page
    assert 'data-copy="pytest &#39;tests/test_price.py::test_prices[1 EUR]&#39;"' in page
    assert "\x1b" not in page


def assembly() -> bytes:
    """Return the zip of a build's artifact: a nested cloud assembly."""
    stack = {"type": "aws:cloudformation:stack", "properties": {"templateFile": "Shop.json", "stackName": "Dev-Shop"}}
    queue = {"Type": "AWS::SQS::Queue", "Metadata": {"aws:cdk:path": "Dev/Shop/Orders/Resource"}}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("manifest.json", json.dumps({"artifacts": {}}))
        archive.writestr("assembly-Dev/manifest.json", json.dumps({"artifacts": {"DevShop": stack}}))
        archive.writestr("assembly-Dev/Shop.json", json.dumps({"Resources": {"OrdersABC": queue}}))
    return content.getvalue()


def failed_stack() -> Execution:
    """Return an execution whose stack has a resource that could not be created."""
    built = Run("Build", "Synth", 0, 60, outputs=(("Synth_Output", "shop/Synth/abc"),))
    why = "Dev-Shop ROLLBACK_COMPLETE: OrdersABC (AWS::SQS::Queue): it exists already"
    return Execution(status="Failed", runs=[built, Run("Dev", "Deploy", 60, 5, status="Failed", summary=why)])


def test_a_resource_that_failed_is_named_by_its_construct(aws: FakeAws, console: Console) -> None:
    """A failed resource is named by its construct path from the execution's cloud assembly."""
    execution = failed_stack()
    Pipeline(execution).serve(aws)
    aws.files["/artifacts/shop/Synth/abc"] = assembly()
    assert "Dev/Shop/Orders/Resource" in console.get(f"/executions/{execution.id}").text


@pytest.mark.gate
@pytest.mark.parametrize("manifest", ["[" * 100_000, "{}" + " " * 50_000_000, "[]", '{"artifacts": {"a": 1}}'])
def test_a_hostile_assembly_leaves_the_logical_id(aws: FakeAws, console: Console, manifest: str) -> None:
    """With a deeply nested, huge or malformed assembly, the page shows the logical id."""
    execution, content = failed_stack(), io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", manifest)
    Pipeline(execution).serve(aws)
    aws.files["/artifacts/shop/Synth/abc"] = content.getvalue()
    answer = console.get(f"/executions/{execution.id}")
    assert (answer.status, "Dev-Shop/OrdersABC" in answer.text) == (200, True)


def test_an_assembly_that_may_not_be_read_leaves_the_logical_id(aws: FakeAws, console: Console) -> None:
    """Without access to the assembly the page shows the logical id, and names the missing permission."""
    execution = failed_stack()
    Pipeline(execution).serve(aws)
    aws.refusals["s3:GetObject"] = Refused("AccessDenied", "kim is not authorized to perform: s3:GetObject", 403)
    page = console.get(f"/executions/{execution.id}").text
    assert "Dev-Shop/OrdersABC" in page
    assert "s3:GetObject" in page


def test_a_log_that_may_not_be_read_leaves_the_rest_of_the_page(aws: FakeAws, console: Console) -> None:
    """Without access to the log the page names the missing permission and shows CodePipeline's error."""
    execution = red()
    Pipeline(execution).serve(aws)
    Builds(aws).add("synth:2", FAILED)
    aws.refusals["logs:GetLogEvents"] = Refused("AccessDeniedException", "kim is not authorized to perform: it")
    answer = console.get(f"/executions/{execution.id}")
    assert answer.status == 200
    assert "Missing permission: <code>logs:GetLogEvents</code>" in answer.text
    assert "build FAILED: exit status 2" in answer.text


def test_a_green_execution_shows_waiting_apart_from_working(aws: FakeAws, console: Console) -> None:
    """A successful execution's page shows work and waiting separately, with variables and without an error."""
    execution = green()
    Pipeline(execution).serve(aws)
    page = console.get(f"/executions/{execution.id}").text
    assert "First error" not in page
    assert "5 min 52 s of work, 1 h 00 min of waiting" in page
    assert "https://dev.example" in page


def test_no_state_is_shown_only_by_color(aws: FakeAws, console: Console) -> None:
    """Each status has a sign and a word in addition to its color, also in the legend."""
    execution = red()
    Pipeline(execution, waiting()).serve(aws)
    page = console.get(f"/executions/{execution.id}").text
    marks = re.findall(r'<span class="mark (\w+)"[^>]*><span aria-hidden="true">(.)</span><span class="hidden">', page)
    assert {("Succeeded", "✓"), ("Failed", "✕"), ("Waiting", "◆")} <= set(marks)
    assert page.count('class="mark') == len(marks)
    legend = page[page.index('class="legend') :]
    for sign, word in (("▸", "on the critical path"), ("✕", "failed")):
        assert f'<span aria-hidden="true">{sign}</span> {word}' in legend


def test_restarts_and_rollbacks_are_one_story(aws: FakeAws, console: Console) -> None:
    """Executions of the same revision and rollbacks to it are listed together, the oldest first."""
    first = green(start=1_760_000_000.0)
    again = green(start=1_760_100_000.0)
    back = green(start=1_760_200_000.0, rollback_of=first.id, trigger=("ManualRollback", "arn:aws:iam::1:user/kim"))
    other = green(start=1_760_150_000.0, commit="f" * 40)
    Pipeline(back, other, again, first).serve(aws)
    page = console.get(f"/executions/{first.id}").text
    story = page[page.index('id="story"') : page.index('id="waterfall"')]
    assert [story.index(execution.id) for execution in (first, again, back)] == sorted(
        story.index(execution.id) for execution in (first, again, back)
    )
    assert other.id not in story
    assert "rollback to this execution" in story


def test_an_unknown_execution_is_not_found(aws: FakeAws, console: Console) -> None:
    """An unknown execution has status 404 and a message."""
    Pipeline(green()).serve(aws)
    answer = console.get("/executions/unknown")
    assert (answer.status, "there is no such execution" in answer.text) == (404, True)
