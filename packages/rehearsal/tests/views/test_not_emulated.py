"""The "Not emulated" report at the end of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.codebuild.build_log import BuildLog
from rehearsal.views.execution_view import ActionView, ExecutionView, StageView
from rehearsal.views.not_emulated import not_emulated


def view(status: str, *actions: ActionView) -> ExecutionView:
    return ExecutionView(status=status, stages=[StageView("One", list(actions))])


def report(found: ExecutionView, *resources: str, iam: bool = True) -> str:
    return "; ".join(not_emulated(found, resources, iam=iam))


def test_unused_features_are_not_reported() -> None:
    """A run without builds and functions does not report them."""
    text = report(view("Succeeded", ActionView("One", "source", "Source/S3", status="Succeeded")))
    assert "builds" not in text
    assert "functions ran" not in text
    assert "repository" not in text


def test_used_features_are_reported() -> None:
    """Sources, builds and functions that ran are reported; a deployment by itself runs no function."""
    actions = [
        ActionView("One", "source", "Source/CodeCommit", status="Succeeded"),
        ActionView("One", "build", "Build/CodeBuild", status="Succeeded"),
        ActionView("One", "deploy", "Deploy/CloudFormation", status="Succeeded"),
    ]
    text = report(view("Succeeded", *actions))
    assert "functions" not in text
    text = "; ".join(not_emulated(view("Succeeded", *actions), [], iam=True, functions=True))
    assert "sources came from this machine's repository" in text
    assert "builds ran on this machine" in text
    assert "functions ran on this machine" in text


def test_bootstrapped_environments_are_reported() -> None:
    """The report lists environments that the run bootstrapped, which an operator has to do on AWS."""
    done = ActionView("One", "source", "Source/S3", status="Succeeded")
    text = "; ".join(not_emulated(view("Succeeded", done), (), iam=True, bootstrapped=["222222222222/eu-west-1"]))
    assert "222222222222/eu-west-1: bootstrapped by the rehearsal" in text
    assert "on AWS an operator has to do it before the push" in text


def test_actions_that_were_not_reached_are_reported() -> None:
    """A failed run lists the actions that did not run."""
    reached = ActionView("One", "build", "Build/CodeBuild", status="Failed")
    assert "not reached: One/deploy" in report(
        view("Failed", reached, ActionView("One", "deploy", "Deploy/CloudFormation"))
    )


def test_accepted_parts_are_reported() -> None:
    """The report lists actions that were not executed and resources without effect."""
    skipped = ActionView("One", "scan", "Test/DeviceFarm", status="Succeeded", executed=False)
    text = report(view("Succeeded", skipped), "AWS::CodeBuild::ReportGroup stack/Group has no effect")
    assert "One/scan was not executed: Test/DeviceFarm was accepted" in text
    assert "AWS::CodeBuild::ReportGroup stack/Group has no effect" in text


def test_administrator_access_is_reported() -> None:
    """CloudFormation's administrator access is reported, unless IAM is off."""
    found = view("Succeeded")
    assert "AdministratorAccess" in "; ".join(not_emulated(found, [], iam=True, administrators=True))
    assert "AdministratorAccess" not in "; ".join(not_emulated(found, [], iam=False, administrators=True))
    assert "AdministratorAccess" not in report(found)


def test_without_iam_everybody_may_do_everything() -> None:
    """Without IAM, the report says that all requests are allowed; with IAM, it says nothing."""
    assert "lets everybody do everything" in report(view("Succeeded"), iam=False)
    assert report(view("Succeeded"), iam=True) == ""


def test_a_machine_without_mounts_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the machine forbids mounts, the report says what builds and functions can read; without builds it does not."""
    monkeypatch.setattr("rehearsal.views.not_emulated.mount_error", lambda: "mount: no")
    built = view("Succeeded", ActionView("One", "build", "Build/CodeBuild", status="Succeeded"))
    words = "nothing is hidden from builds and functions, not even the keys of every account's root (mount: no)"
    assert words in report(built)
    assert words not in report(built, iam=False)
    assert words not in report(view("Succeeded"))
    assert "builds could read and change the project by its absolute path" in report(built, iam=False)
    monkeypatch.setattr("rehearsal.views.not_emulated.mount_error", lambda: "")
    assert "nothing is hidden" not in report(built)
    assert "could read and change" not in report(built)


def test_files_above_the_builds_folder_are_reported() -> None:
    """Files in parent folders of the builds' folder, which tools find, are reported if a build ran."""
    built = view("Succeeded", ActionView("One", "build", "Build/CodeBuild", status="Succeeded"))
    above = [Path("/home/me/package.json")]
    words = "builds found /home/me/package.json above their folder: choose another one by REHEARSAL_BUILDS"
    assert words in not_emulated(built, [], iam=True, above=above)
    assert words not in not_emulated(view("Succeeded"), [], iam=True, above=above)


def test_notes_of_builds_are_reported_once(tmp_path: Path) -> None:
    """A note that several builds logged is reported once, with the builds' names."""
    logs = [tmp_path / "one", tmp_path / "two"]
    for file in logs:
        log = BuildLog(file, lambda _: None)
        log.note("env.variables.OCT: 0123 without quotes")
        log.close()
    actions = [
        ActionView("One", file.name, "Build/CodeBuild", status="Succeeded", log=str(file))
        for file in (*logs, tmp_path / "none")
    ]
    lines = not_emulated(view("Succeeded", *actions), [], iam=True)
    assert "One/one, One/two: env.variables.OCT: 0123 without quotes" in lines


def test_notes_of_a_source_are_reported(tmp_path: Path) -> None:
    """The notes of a source are reported, but not a commit message that looks like a note."""
    log = tmp_path / "action.log"
    log.write_text("rehearsal: link.txt: symbolic links are text files\n0123 first\nrehearsal: of the message\n")
    found = view("Succeeded", ActionView("One", "source", "Source/CodeCommit", status="Succeeded", log=str(log)))
    lines = not_emulated(found, [], iam=True)
    assert "One/source: link.txt: symbolic links are text files" in lines
    assert not any("of the message" in line for line in lines)
