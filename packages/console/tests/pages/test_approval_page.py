"""The page of an approval, and its answers."""

from __future__ import annotations

import io
import re
import time
import zipfile
from pathlib import Path

import pytest

from pipeline_console.pages.site import Options
from pipeline_console.views.changes_report import changes_report
from tests.conftest import Console
from tests.fake_aws import FakeAws, Refused
from tests.pipelines import Pipeline, waiting

REPORT = (Path(__file__).parents[1] / "recorded" / "changes.md").read_text()


def artifact(text: str = REPORT, padding: int = 0) -> bytes:
    """Return the zip of an artifact; padding: bytes of another file in it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("build/changes/changes.md", text)
        archive.writestr("large.bin", bytes(padding))
    return file.getvalue()


@pytest.fixture
def pipeline(aws: FakeAws) -> Pipeline:
    """A pipeline that waits for an approval, with a report of changes."""
    aws.files["/artifacts/shop/Changes_Ou/abc"] = artifact()
    return Pipeline(waiting()).serve(aws)


def fields(page: str) -> dict[str, str]:
    """Return the hidden fields of the page's form."""
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))


@pytest.mark.usefixtures("pipeline")
def test_the_sections_of_a_report_are_in_the_order_of_a_review(console: Console) -> None:
    """The page shows tests, resources with data loss first, traffic, packages, permissions, and the whole report."""
    page = console.get("/approvals/Prod/Approve").text
    in_order = (
        "Tests of the environment before",
        "5 passed, 0 failed, 1 skipped",
        "Prod-Shop in 333333333333/eu-west-1",
        "1 added, 1 changed, 1 replaced, 1 removed.",
        '<span class="tag bad">replaced</span></td><td>Table</td>',
        '<td class="wide">KeySchema</td>',
        '<span class="tag bad">removed</span></td><td>Queue</td>',
        '<span class="tag">changed</span></td><td>BasketLive</td>',
        '<span class="tag">added</span></td><td>Basket</td>',
        "what it holds is lost",
        "<h4>Traffic</h4><ul><li>BasketLive: 10% for 5 min, then 100%, stopped by 2 alarms</li>",
        '<td class="quiet">shared</td><td>requests</td><td>2.31</td><td>2.32</td>',
        "<h4>Permissions that broaden</h4><ul><li>BasketRole: s3:Get* on arn:aws:s3:::*/*</li>",
        "<summary>changes.md</summary>",
        "<li>shared: requests 2.31 -&gt; 2.32</li>",
    )
    places = [page.index(text) for text in in_order]
    assert places == sorted(places)


def test_broadenings_of_the_approvals_own_stage_are_above_all(aws: FakeAws, console: Console) -> None:
    """The report of the approval's stage is first and open."""
    execution = waiting()
    execution.runs[3].stage = "Prod"
    Pipeline(execution).serve(aws)
    aws.files["/artifacts/shop/Changes_Ou/abc"] = artifact()
    page = console.get("/approvals/Prod/Approve").text
    assert page.index("Broadens permissions") < page.index("s3:Get* on arn:aws:s3:::*/*") < page.index("prod: what")


@pytest.mark.gate
@pytest.mark.usefixtures("pipeline")
def test_asterisks_of_permissions_are_shown(console: Console) -> None:
    """Asterisks of permissions are not rendered as Markdown emphasis, which would hide them."""
    page = console.get("/approvals/Prod/Approve").text
    assert page.count("BasketRole: s3:Get* on arn:aws:s3:::*/*") == 2
    assert "<em>" not in page


def test_a_report_of_another_form_is_rendered_as_it_is(aws: FakeAws, console: Console, pipeline: Pipeline) -> None:
    """A report without the known sections is rendered whole, and its broadenings are found by the heading."""
    pipeline.executions[0].runs[3].stage = "Prod"
    aws.files["/artifacts/shop/Changes_Ou/abc"] = artifact("# ours\n\nSome **text**\n\n## Broadens IAM\n\n- x\n")
    page = console.get("/approvals/Prod/Approve").text
    assert "<p>Some **text**</p>" in page
    assert "<summary>changes.md</summary>" not in page
    assert page.index('id="broadens">Broadens permissions') < page.index("<ul><li>x</li></ul>") < page.index("Some **")


@pytest.mark.gate
@pytest.mark.parametrize("heading", ["# Broadens", "## Broadens IAM", "### broadens"])
def test_all_headings_of_broadenings_count(heading: str) -> None:
    """Several headings for broadenings, of any level, are combined into one list."""
    found = changes_report("Prod/Test", f"{REPORT}\n\n{heading}\n\n- another\n\n### Broadens\n", here=True)
    assert [line.rpartition(": ")[2] for line in found.broadenings if "another" in line] == ["another"]
    assert any("BasketRole" in line for line in found.broadenings)


def test_conditions_that_roll_the_release_back_are_shown(aws: FakeAws, console: Console, pipeline: Pipeline) -> None:
    """The page shows the rollback conditions of the released stages, with the alarm's minutes."""
    definition = pipeline.definition()
    rule = {
        "name": "BakeProd",
        "ruleTypeId": {"category": "Rule", "owner": "AWS", "provider": "CloudWatchAlarm", "version": "1"},
        "configuration": {"AlarmName": "Prod-bake", "AlarmStates": "ALARM", "WaitTime": "10"},
    }
    definition["stages"][3]["onSuccess"] = {"conditions": [{"result": "ROLLBACK", "rules": [rule]}]}
    aws.operations["codepipeline:GetPipeline"] = lambda _: {"pipeline": definition}
    page = console.get("/approvals/Prod/Approve").text
    assert "Prod is rolled back where alarm Prod-bake is in ALARM within 10 min after its actions" in page


@pytest.mark.usefixtures("pipeline")
def test_a_large_artifact_is_read_by_ranges(aws: FakeAws, console: Console) -> None:
    """The console reads only the zip's directory and the report of a large artifact."""
    aws.files["/artifacts/shop/Changes_Ou/abc"] = artifact(padding=5_000_000)
    assert "requests" in console.get("/approvals/Prod/Approve").text
    ranges = [call["range"] for call in aws.called("s3:GetObject")]
    assert len(ranges) == 2
    assert all(ranges)


@pytest.mark.usefixtures("pipeline")
def test_an_approval_is_sent_with_its_comment(aws: FakeAws, console: Console, pipeline: Pipeline) -> None:
    """An approval is sent with its comment, and the browser is redirected to the execution."""
    page = console.get("/approvals/Prod/Approve").text
    given = {**fields(page), "decision": "Approved", "comment": "fine"}
    answer = console.post("/approvals/Prod/Approve", **given)
    assert (answer.status, answer.headers["location"]) == (303, f"/executions/{pipeline.executions[0].id}")
    assert pipeline.answers == [{"status": "Approved", "summary": "fine"}]


@pytest.mark.usefixtures("pipeline")
def test_a_rejection_is_sent(console: Console, pipeline: Pipeline) -> None:
    """A rejection without a comment says that it came from the console."""
    page = console.get("/approvals/Prod/Approve").text
    console.post("/approvals/Prod/Approve", **fields(page), decision="Rejected")
    assert pipeline.answers == [{"status": "Rejected", "summary": "Rejected in the console"}]


@pytest.mark.gate
@pytest.mark.parametrize("change", ["answered", "another execution", "another wait"])
def test_a_stale_page_cannot_approve(aws: FakeAws, console: Console, pipeline: Pipeline, change: str) -> None:
    """An answer from a stale page is not sent to AWS, and the page says so."""
    given = fields(console.get("/approvals/Prod/Approve").text)
    if change == "answered":
        pipeline.put_approval({"token": "wait-1", "result": {"status": "Rejected", "summary": ""}})
        pipeline.answers.clear()
    elif change == "another wait":
        pipeline.executions[0].runs[-1].token = "wait-2"
    else:
        pipeline.executions.insert(0, waiting(wait="wait-1"))
    console.site.reads._cache.clear()
    answer = console.post("/approvals/Prod/Approve", **given, decision="Approved")
    assert (answer.status, "Nothing was changed" in answer.text) == (409, True)
    assert pipeline.answers == []


@pytest.mark.usefixtures("pipeline")
def test_a_report_that_may_not_be_read_names_the_permission(aws: FakeAws, console: Console) -> None:
    """A missing permission for the report or its key is named above the form, and the approval still works."""
    message = "User kim is not authorized to perform: kms:Decrypt on the resource key/1"
    aws.refusals["s3:GetObject"] = Refused("AccessDenied", message, 403)
    page = console.get("/approvals/Prod/Approve").text
    assert page.index("Missing permission: <code>kms:Decrypt</code>") < page.index("<textarea")


@pytest.mark.usefixtures("pipeline")
def test_markup_in_a_report_stays_text(aws: FakeAws, console: Console) -> None:
    """HTML, script links and external images in a report are not rendered."""
    planted = (
        "# <b>title</b>\n\n<script>alert(1)</script>\n\n[x](javascript:alert(1))\n\n![y](https://evil.example/i.png)\n"
    )
    aws.files["/artifacts/shop/Changes_Ou/abc"] = artifact(planted)
    page = console.get("/approvals/Prod/Approve").text
    assert "&lt;script&gt;alert(1)" in page
    assert "&lt;b&gt;title" in page
    assert 'href="javascript' not in page
    assert "<img" not in page


def damaged(kind: str) -> bytes:
    """Return an artifact that cannot be read as a zip."""
    content = artifact()
    if kind == "encrypted":
        return content.replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01").replace(
            b"PK\x03\x04\x14\x00\x00", b"PK\x03\x04\x14\x00\x01"
        )
    if kind == "cut":
        return content[: len(content) // 2]
    if kind == "large directory":
        return content[:-10] + (90_000_000).to_bytes(4, "little") + content[-6:]
    return b"<html>"


@pytest.mark.gate
@pytest.mark.usefixtures("pipeline")
@pytest.mark.parametrize("kind", ["encrypted", "cut", "large directory", "no zip"])
def test_an_artifact_that_cannot_be_read_leaves_the_page(aws: FakeAws, console: Console, kind: str) -> None:
    """The page names an unreadable artifact, and the approval can still be answered."""
    aws.files["/artifacts/shop/Changes_Ou/abc"] = damaged(kind)
    answer = console.get("/approvals/Prod/Approve")
    assert (answer.status, "<textarea" in answer.text) == (200, True)
    assert "s3://artifacts/shop/Changes_Ou/abc cannot be read as a zip" in answer.text


@pytest.mark.gate
@pytest.mark.usefixtures("pipeline")
def test_a_report_that_unpacks_to_gigabytes_is_cut(aws: FakeAws, console: Console) -> None:
    """A huge report is truncated with a note; broadenings in its first part are found."""
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("changes.md", REPORT + "- a line\n" * 5_000_000)
    assert len(bomb.getvalue()) < 200_000
    aws.files["/artifacts/shop/Changes_Ou/abc"] = bomb.getvalue()
    page = console.get("/approvals/Prod/Approve").text
    assert "The report is longer than 400,000 bytes" in page
    assert page.count("BasketRole: s3:Get* on") == 2
    assert len(page) < 1_500_000


@pytest.mark.gate
@pytest.mark.usefixtures("pipeline")
@pytest.mark.parametrize("unit", ["[", "![", "`a", "- a\n", "[a](", "a\n"], ids=repr)
def test_a_report_that_is_slow_to_render_is_shown_as_text(aws: FakeAws, console: Console, unit: str) -> None:
    """A report that a Markdown parser would render for many seconds is shown as text."""
    aws.files["/artifacts/shop/Changes_Ou/abc"] = artifact("# slow\n\n" + unit * (400_000 // len(unit)))
    begin = time.monotonic()
    assert "<pre># slow" in console.get("/approvals/Prod/Approve").text
    assert time.monotonic() - begin < 5


class TestReadOnly:
    """A read-only console."""

    @pytest.fixture
    def options(self) -> Options:
        """The default permissions on AWS."""
        return Options()

    @pytest.mark.gate
    @pytest.mark.usefixtures("pipeline")
    def test_a_read_only_console_neither_shows_nor_takes_an_answer(self, console: Console, pipeline: Pipeline) -> None:
        """A read-only console shows no form, and rejects one that is sent without its page."""
        page = console.get("/approvals/Prod/Approve").text
        assert "<textarea" not in page
        id_ = pipeline.executions[0].id
        given = {"token": "wait-1", "execution": id_, "decision": "Approved"}
        assert console.post("/approvals/Prod/Approve", **given).status == 403
        assert console.post(f"/executions/{id_}/stop").status == 403
        assert pipeline.answers == []
