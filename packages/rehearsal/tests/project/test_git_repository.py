"""The pushed snapshot: the whole working tree, outside of the user's history."""

from __future__ import annotations

import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from rehearsal.errors import WrongUse
from rehearsal.project.git_repository import Repository, branch_head
from rehearsal.project.push_changes import changes_since_push
from rehearsal.project.source_files import write_zip
from rehearsal.workspace.layout import Workspace


class Clone:
    """A repository with one commit of `kept.txt` and a `.gitignore`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "--quiet", "--initial-branch", "trunk")
        self.write("kept.txt", "as committed")
        self.write(".gitignore", "ignored.txt\n.rehearsal/\n")
        self.git("add", ".")
        self.git("commit", "--quiet", "-m", "first")

    def git(self, *arguments: str) -> str:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@localhost", *arguments]
        return subprocess.run(command, cwd=self.root, check=True, capture_output=True, text=True).stdout

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text)

    def repository(self) -> Repository:
        (self.root / ".rehearsal").mkdir(exist_ok=True)
        return Repository(self.root, self.root / ".rehearsal")


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    (tmp_path / "clone").mkdir()
    return Clone(tmp_path / "clone")


def pushed(clone: Clone, tmp_path: Path) -> dict[str, str]:
    """Return the files that a push of the working tree brings to the remote: texts by name."""
    repository, remote = clone.repository(), tmp_path / "remote.git"
    repository.push(repository.snapshot(), remote, "main")
    write_zip(remote, "main", tmp_path / "source.zip")
    with zipfile.ZipFile(tmp_path / "source.zip") as zipped:
        return {name: zipped.read(name).decode() for name in zipped.namelist()}


def test_a_clean_tree_is_pushed_as_its_own_commit(clone: Clone, tmp_path: Path) -> None:
    """The snapshot of a clean working tree is HEAD."""
    repository = clone.repository()
    assert repository.snapshot() == repository.head
    repository.push(repository.head, tmp_path / "remote.git", "main")
    newest = branch_head(tmp_path / "remote.git", "main")
    assert newest
    assert (newest.id, newest.message) == (repository.head, "first")


def test_uncommitted_and_untracked_files_are_pushed(clone: Clone, tmp_path: Path) -> None:
    """The snapshot has changed and untracked files, but no ignored files."""
    clone.write("kept.txt", "changed")
    clone.write("new.txt", "untracked")
    clone.write("ignored.txt", "ignored")
    files = pushed(clone, tmp_path)
    assert files == {".gitignore": "ignored.txt\n.rehearsal/\n", "kept.txt": "changed", "new.txt": "untracked"}


def test_a_deleted_file_is_not_pushed(clone: Clone, tmp_path: Path) -> None:
    """A file that is deleted in the working tree is not in the snapshot, even if the deletion is not staged."""
    (clone.root / "kept.txt").unlink()
    assert "kept.txt" not in pushed(clone, tmp_path)


def test_index_branches_and_objects_stay_as_they_are(clone: Clone, tmp_path: Path) -> None:
    """A push changes neither the index nor the refs nor the objects of the user's repository."""
    clone.write("kept.txt", "staged")
    clone.git("add", "kept.txt")
    clone.write("kept.txt", "changed after that")

    def looks() -> tuple[str, ...]:
        states = clone.git("status", "--porcelain"), clone.git("for-each-ref"), clone.git("count-objects")
        return (*states, clone.git("diff", "--cached"), (clone.root / ".git" / "index").read_bytes().hex())

    before = looks()
    assert pushed(clone, tmp_path)["kept.txt"] == "changed after that"
    assert looks() == before


def test_git_settings_of_the_environment_do_not_lead_astray(
    clone: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIT_DIR and GIT_INDEX_FILE, which a git hook sets, are ignored."""
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    assert "kept.txt" in pushed(clone, tmp_path)


def test_a_folder_without_a_repository_is_refused(tmp_path: Path) -> None:
    """The error says to run `git init`."""
    with pytest.raises(WrongUse, match="is in no git repository: `git init`"):
        Repository(tmp_path, tmp_path)


def test_a_repository_without_a_commit_is_refused(tmp_path: Path) -> None:
    """A repository without a commit is an error, because the first deployment uses HEAD."""
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    with pytest.raises(WrongUse, match="has no commit yet"):
        Repository(tmp_path, tmp_path)


def test_a_push_knows_the_paths_that_it_changes(clone: Clone) -> None:
    """The changed paths are relative to the last push, or to HEAD before the first push."""
    space, repository = Workspace(clone.root), clone.repository()
    clone.write("new.txt", "new")
    first = repository.snapshot()
    assert changes_since_push(repository, space.remote, first, "trunk").paths == ("new.txt",)
    repository.push(first, space.remote, "trunk")
    clone.write("kept.txt", "changed")
    assert changes_since_push(repository, space.remote, repository.snapshot(), "trunk").paths == ("kept.txt",)


def test_a_project_below_the_root_is_pushed_with_the_whole_repository(clone: Clone, tmp_path: Path) -> None:
    """A project in a subfolder is pushed with the whole repository, and exported at the same path."""
    project = clone.root / "infrastructure"
    project.mkdir()
    clone.write("infrastructure/cdk.json", "{}")
    repository = Repository(project, tmp_path)
    assert (repository.top, repository.project) == (clone.root, Path("infrastructure"))
    repository.export(repository.snapshot(), tmp_path / "source")
    held = {str(path.relative_to(tmp_path / "source")) for path in (tmp_path / "source").rglob("*") if path.is_file()}
    assert held == {"kept.txt", ".gitignore", "infrastructure/cdk.json"}


@pytest.mark.parametrize("name", [b"\xfcber.txt", "über.txt".encode(), b" with blanks ", b'quo"ted'])
def test_any_file_name_is_pushed_unchanged(clone: Clone, tmp_path: Path, name: bytes) -> None:
    """File names with spaces, quotes or bytes that are not UTF-8 are listed and exported unchanged."""
    path = clone.root / os.fsdecode(name)
    path.touch()
    repository = clone.repository()
    commit = repository.snapshot()
    assert repository.changes(repository.head, commit) == [f"A {path.name}"]
    repository.export(commit, tmp_path / "source")
    assert (tmp_path / "source" / path.name).exists()


def test_a_shallow_clone_is_refused_with_the_command_that_helps(clone: Clone, tmp_path: Path) -> None:
    """The error names `git fetch --unshallow` and the setting `fetch-depth: 0` of CI."""
    clone.write("kept.txt", "second")
    clone.git("commit", "--quiet", "-am", "second")
    clone.git("clone", "--quiet", "--depth", "1", f"file://{clone.root}", str(tmp_path / "shallow"))
    (tmp_path / "shallow" / ".rehearsal").mkdir()
    repository = Repository(tmp_path / "shallow", tmp_path / "shallow" / ".rehearsal")
    with pytest.raises(WrongUse, match=r"is a shallow clone.*`git fetch --unshallow`.*`fetch-depth: 0`"):
        repository.push(repository.snapshot(), tmp_path / "remote.git", "main")


def test_conflicts_of_a_merge_are_refused(clone: Clone) -> None:
    """A snapshot with merge conflicts is refused with the names of the files."""
    clone.git("checkout", "--quiet", "-b", "other")
    clone.write("kept.txt", "theirs")
    clone.git("commit", "--quiet", "-am", "theirs")
    clone.git("checkout", "--quiet", "trunk")
    clone.write("kept.txt", "ours")
    clone.git("commit", "--quiet", "-am", "ours")
    with pytest.raises(subprocess.CalledProcessError):
        clone.git("merge", "other")
    with pytest.raises(WrongUse, match=r"kept\.txt: a merge left conflicts; resolve them"):
        clone.repository().snapshot()
    clone.write("kept.txt", "resolved")
    clone.git("add", "kept.txt")
    assert clone.repository().snapshot()
