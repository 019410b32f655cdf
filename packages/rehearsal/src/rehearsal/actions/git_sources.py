"""Source actions for git: CodeConnections, CodeCommit, and GitHub (version 1).

Sources: AWS CodePipeline user guide, "CodeStarSourceConnection for Bitbucket Cloud, GitHub, ...", "AWS CodeCommit
source action reference", "GitHub (via OAuth app) source action reference", "Variables reference".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from rehearsal.actions.artifacts import upload
from rehearsal.actions.clone_ref import FORMAT, USE_CONNECTION_ACTIONS, CloneRef
from rehearsal.codebuild.build_log import NOTE
from rehearsal.engine.action_api import ActionError, Outcome, Revision, Task
from rehearsal.errors import RehearsalError, WrongUse
from rehearsal.project import git_repository, source_files
from rehearsal.project.remotes import Remotes

# The variables of an execution that a pull request has started, as its start has them.
PULL_REQUEST = ("SourceBranchName", "DestinationBranchName", "PullRequestId", "PullRequestTitle")
Variables = Callable[[Task, git_repository.Commit], Mapping[str, str]]
_FORMAT = "OutputArtifactFormat"


class FetchRevision:
    """Reads a commit from the bare repository that replaces the connected one.

    branch: the configuration key of the branch. repository: the configuration keys of the repository's name.
    variables: returns the provider's own output variables.
    """

    def __init__(self, remotes: Remotes, *, branch: str, repository: tuple[str, ...], variables: Variables) -> None:
        self._remotes, self._branch, self._repository, self._variables = remotes, branch, repository, variables

    def run(self, task: Task) -> Outcome:
        _check_format(task)
        if "ConnectionArn" in task.action.configuration:
            task.require(*USE_CONNECTION_ACTIONS, resource=task.setting("ConnectionArn"))
        commit = self._commit(task)
        branch = task.requested_revisions.get("SourceBranchName") or task.setting(self._branch)
        zip_file, notes = task.folder / "source.zip", tuple[str, ...]()
        if task.action.configuration.get(_FORMAT) == FORMAT:
            settings, where = task.action.configuration, (task.pipeline.account, task.region)
            CloneRef.from_settings(commit.id, branch, settings, where, task.action.name).write(zip_file)
        else:
            notes = _write_zip(task, self._remotes.of(task.action.name), commit.id, zip_file)
        (output,) = task.action.outputs
        artifact = upload(task, output, task.credentials(), zip_file)
        task.log.write_text("".join(f"{NOTE}{note}\n" for note in notes) + f"{commit.id} {commit.message}\n")
        title = commit.message.partition("\n")[0]
        return Outcome(
            failed=False,
            summary=f"{commit.id[:8]} {title}",
            variables={
                "AuthorDate": commit.date,
                **_branch_variables(task, branch),
                "CommitId": commit.id,
                "CommitMessage": commit.message,
                **self._variables(task, commit),
            },
            outputs={output: artifact},
            revision=Revision(task.action.name, commit.id, title),
            external_id=commit.id,
        )

    def _commit(self, task: Task) -> git_repository.Commit:
        """The commit that the execution was started for, else the newest one of the branch. Raises ActionError."""
        repository = "/".join(task.setting(key) for key in self._repository)
        branch, remote = task.setting(self._branch), self._remotes.of(task.action.name)
        if requested := task.requested_revisions.get("COMMIT_ID"):
            try:
                return git_repository.commit(remote, requested)
            except WrongUse as error:
                raise ActionError(f"{task.where}: {repository} has no commit {requested}") from error
        commit = git_repository.branch_head(remote, branch)
        if commit is None:
            raise ActionError(f"{task.where}: nothing was pushed to branch {branch} of {repository} yet")
        return commit


def _branch_variables(task: Task, branch: str) -> Mapping[str, str]:
    """BranchName, or the variables of a pull request in its place.

    Source: github.com/aws/aws-cdk issue 31000, on the variables of pull requests.
    """
    pull_request = {name: value for name, value in task.requested_revisions.items() if name in PULL_REQUEST}
    return pull_request or {"BranchName": branch}


def _write_zip(task: Task, remote: Path, commit: str, zip_file: Path) -> tuple[str, ...]:
    try:
        return source_files.write_zip(remote, commit, zip_file)
    except RehearsalError as error:
        raise ActionError(f"{task.where}: {error}") from error


def _check_format(task: Task) -> None:
    output_format = task.action.configuration.get(_FORMAT, "CODE_ZIP")
    if output_format not in ("CODE_ZIP", FORMAT):
        raise ActionError(f"{task.where}: {_FORMAT}: got {output_format}; CODE_ZIP and {FORMAT} are allowed")


def connection(remotes: Remotes) -> FetchRevision:
    """Return the runner of Source/CodeStarSourceConnection."""

    def variables(task: Task, _commit: git_repository.Commit) -> Mapping[str, str]:
        return {
            "ConnectionArn": task.setting("ConnectionArn"),
            "FullRepositoryName": task.setting("FullRepositoryId"),
        }

    return FetchRevision(remotes, branch="BranchName", repository=("FullRepositoryId",), variables=variables)


def codecommit(remotes: Remotes) -> FetchRevision:
    """Return the runner of Source/CodeCommit."""

    def variables(task: Task, commit: git_repository.Commit) -> Mapping[str, str]:
        return {"CommitterDate": commit.committed, "RepositoryName": task.setting("RepositoryName")}

    return FetchRevision(remotes, branch="BranchName", repository=("RepositoryName",), variables=variables)


def github(remotes: Remotes) -> FetchRevision:
    """Return the runner of Source/GitHub, version 1."""

    def variables(task: Task, commit: git_repository.Commit) -> Mapping[str, str]:
        owner, repository = task.setting("Owner"), task.setting("Repo")
        return {
            "CommitterDate": commit.committed,
            "CommitUrl": f"https://github.com/{owner}/{repository}/commit/{commit.id}",
            "RepositoryName": repository,
        }

    return FetchRevision(remotes, branch="Branch", repository=("Owner", "Repo"), variables=variables)
