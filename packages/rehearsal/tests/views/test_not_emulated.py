"""The report of what was not emulated, at the end of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.codebuild.build_log import BuildLog
from rehearsal.views.execution_view import ActionView, ExecutionView, StageView
from rehearsal.views.not_emulated import not_emulated


def view(status: str, *actions: ActionView) -> ExecutionView:
    return ExecutionView(status=status, stages=[StageView("One", list(actions))])


def told(found: ExecutionView, *resources: str, iam: bool = True) -> str:
    return "; ".join(not_emulated(found, resources, iam=iam))


def test_what_had_no_part_in_the_run_is_not_told() -> None:
    """No build, no word of builds; no function, no word of functions."""
    text = told(view("Succeeded", ActionView("source", "Source/S3", status="Succeeded")))
    assert "builds" not in text
    assert "functions ran" not in text
    assert "repository" not in text


def test_what_had_a_part_in_the_run_is_told() -> None:
    """Sources, builds and functions, each by what ran."""
    actions = [
        ActionView("source", "Source/CodeCommit", status="Succeeded"),
        ActionView("build", "Build/CodeBuild", status="Succeeded"),
        ActionView("deploy", "Deploy/CloudFormation", status="Succeeded"),
    ]
    text = told(view("Succeeded", *actions))
    assert "sources came from this machine's repository" in text
    assert "builds ran on this machine" in text
    assert "functions ran on this machine" in text


def test_what_the_run_bootstrapped_is_told() -> None:
    """Policies that changed, and accounts that are new: on AWS an operator has to bootstrap before the push."""
    done = ActionView("source", "Source/S3", status="Succeeded")
    text = "; ".join(not_emulated(view("Succeeded", done), (), iam=True, bootstrapped=["222222222222/eu-west-1"]))
    assert "222222222222/eu-west-1: bootstrapped by the rehearsal" in text
    assert "on AWS an operator has to do it before the push" in text


def test_what_a_red_run_did_not_reach_is_told() -> None:
    """A stage that never ran is not shown as good."""
    reached = ActionView("build", "Build/CodeBuild", status="Failed")
    assert "not reached: One/deploy" in told(view("Failed", reached, ActionView("deploy", "Deploy/CloudFormation")))


def test_what_was_accepted_is_told_by_name() -> None:
    """Actions that were not executed, and resources without effect."""
    skipped = ActionView("scan", "Test/DeviceFarm", status="Succeeded", executed=False)
    text = told(view("Succeeded", skipped), "AWS::CodeBuild::ReportGroup stack/Group has no effect")
    assert "One/scan was not executed: Test/DeviceFarm was accepted" in text
    assert "AWS::CodeBuild::ReportGroup stack/Group has no effect" in text


def test_administrators_for_cloudformation_are_told() -> None:
    """Except where IAM is off."""
    found = view("Succeeded")
    assert "AdministratorAccess" in "; ".join(not_emulated(found, [], iam=True, administrators=True))
    assert "AdministratorAccess" not in "; ".join(not_emulated(found, [], iam=False, administrators=True))
    assert "AdministratorAccess" not in told(found)


def test_without_iam_everybody_may_do_everything() -> None:
    """With IAM there is no line about it: each resource that no request is checked against has its own."""
    assert "lets everybody do everything" in told(view("Succeeded"), iam=False)
    assert told(view("Succeeded"), iam=True) == ""


def test_a_machine_that_can_hide_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not reported where IAM is off, or where nothing ran."""
    monkeypatch.setattr("rehearsal.views.not_emulated.mount_error", lambda: "mount: no")
    built = view("Succeeded", ActionView("build", "Build/CodeBuild", status="Succeeded"))
    words = "nothing is hidden from builds and functions, not even the keys of every account's root (mount: no)"
    assert words in told(built)
    assert words not in told(built, iam=False)
    assert words not in told(view("Succeeded"))
    assert "builds could read and change the project by its absolute path" in told(built, iam=False)
    monkeypatch.setattr("rehearsal.views.not_emulated.mount_error", lambda: "")
    assert "nothing is hidden" not in told(built)
    assert "could read and change" not in told(built)


def test_files_above_the_builds_folder_are_told() -> None:
    """Their programs took them for the project's; without a build there is nothing to tell."""
    built = view("Succeeded", ActionView("build", "Build/CodeBuild", status="Succeeded"))
    above = [Path("/home/me/package.json")]
    words = "builds found /home/me/package.json above their folder: choose another one by REHEARSAL_BUILDS"
    assert words in not_emulated(built, [], iam=True, above=above)
    assert words not in not_emulated(view("Succeeded"), [], iam=True, above=above)


def test_notes_of_builds_are_told_once(tmp_path: Path) -> None:
    """What may be read differently on AWS is lost in a long log; the end of the run repeats it, with the builds."""
    logs = [tmp_path / "one", tmp_path / "two"]
    for file in logs:
        log = BuildLog(file, lambda _: None)
        log.note("env.variables.OCT: 0123 without quotes")
        log.close()
    actions = [
        ActionView(file.name, "Build/CodeBuild", status="Succeeded", log=str(file))
        for file in (*logs, tmp_path / "none")
    ]
    told_of = not_emulated(view("Succeeded", *actions), [], iam=True)
    assert "One/one, One/two: env.variables.OCT: 0123 without quotes" in told_of


def test_notes_of_a_source_are_told(tmp_path: Path) -> None:
    """A source's are the first lines of its log; a commit message that looks like one is none."""
    log = tmp_path / "action.log"
    log.write_text("rehearsal: link.txt: symbolic links are text files\n0123 first\nrehearsal: of the message\n")
    found = view("Succeeded", ActionView("source", "Source/CodeCommit", status="Succeeded", log=str(log)))
    told_of = not_emulated(found, [], iam=True)
    assert "One/source: link.txt: symbolic links are text files" in told_of
    assert not any("of the message" in each for each in told_of)
