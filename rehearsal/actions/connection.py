"""Source/CodeStarSourceConnection: the newest revision of a branch becomes the source artifact.

Source: AWS CodePipeline user guide, "CodeStarSourceConnection for Bitbucket Cloud, GitHub, ...".
"""

from __future__ import annotations

from pathlib import Path

from rehearsal import git
from rehearsal.actions.artifacts import upload
from rehearsal.engine.task import ActionError, Outcome, Revision, Task


class FetchRevision:
    """Reads the bare repository that stands in for the connected one."""

    def __init__(self, remote: Path) -> None:
        self._remote = remote

    def run(self, task: Task) -> Outcome:
        branch, repository = task.setting("BranchName"), task.setting("FullRepositoryId")
        commit = git.tip(self._remote, branch)
        if commit is None:
            raise ActionError(f"{task.where}: nothing was pushed to branch {branch} of {repository} yet")
        zip_file = task.folder / "source.zip"
        git.archive(self._remote, commit.id, zip_file)
        (output,) = task.action.outputs
        artifact = upload(task, output, task.credentials(), zip_file)
        task.log.write_text(f"{commit.id} {commit.message}\n")
        title = commit.message.partition("\n")[0]
        return Outcome(
            failed=False,
            summary=f"{commit.id[:8]} {title}",
            variables={
                "AuthorDate": commit.date,
                "BranchName": branch,
                "CommitId": commit.id,
                "CommitMessage": commit.message,
                "ConnectionArn": task.setting("ConnectionArn"),
                "FullRepositoryName": repository,
            },
            outputs={output: artifact},
            revision=Revision(task.action.name, commit.id, title),
        )
