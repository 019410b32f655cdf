"""Files of a source: as git stores them, without filters and attributes."""

from __future__ import annotations

import os
import stat
import subprocess
import zipfile
from pathlib import Path

import pytest

from rehearsal.codebuild.zip_extract import unzip
from rehearsal.errors import RehearsalError
from rehearsal.project import git_repository
from rehearsal.project.source_files import write_folder, write_zip

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n"
FILES = {
    ".gitattributes": "*.bin filter=lfs\n/tests export-ignore\nversion.txt export-subst\n*.txt text eol=crlf\n",
    "big.bin": POINTER,
    "real/a.txt": "one\ntwo\n",
    "tests/test_a.py": "pass\n",
    "version.txt": "$Format:%H$\n",
}


def git(folder: Path, *words: str, **env: str) -> str:
    identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    done = subprocess.run(
        ["git", *identity, *words], cwd=folder, env={**os.environ, **env}, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with links, an executable and attributes; the user's settings have a filter that always fails."""
    root = tmp_path / "repository"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    (root / "link.txt").symlink_to("real/a.txt")
    (root / "linkdir").symlink_to("real")
    git(root, "init", "--quiet", "--initial-branch", "main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "first")
    config = tmp_path / "gitconfig"
    config.write_text('[filter "lfs"]\n smudge = false\n required = true\n clean = cat\n[core]\n autocrlf = true\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    return root


def bare(repository: Path) -> Path:
    remote = repository.parent / "remote.git"
    subprocess.run(["git", "clone", "--quiet", "--bare", str(repository), str(remote)], check=True)
    return remote


def written(folder: Path) -> dict[str, str]:
    names = [Path(place) / name for place, _, names in os.walk(folder) for name in names]
    files = [path for path in names if ".git" not in path.parts and not path.is_symlink()]
    return {str(path.relative_to(folder)): path.read_bytes().decode() for path in files}


def test_a_zip_has_links_as_text_files(repository: Path, tmp_path: Path) -> None:
    """Symbolic links are text files in a zip, as in AWS's CODE_ZIP; modes of executables are kept."""
    write_zip(bare(repository), "main", tmp_path / "source.zip")
    unzip(tmp_path / "source.zip", tmp_path / "out")
    assert not (tmp_path / "out" / "link.txt").is_symlink()
    assert (tmp_path / "out" / "link.txt").read_text() == "real/a.txt"
    assert (tmp_path / "out" / "linkdir").read_text() == "real"
    assert stat.S_IMODE((tmp_path / "out" / "run.sh").stat().st_mode) == 0o755


def test_no_filter_and_no_attribute_changes_a_file(repository: Path, tmp_path: Path) -> None:
    """Neither filters nor attributes change files, in a zip, a folder or a full clone."""
    remote = bare(repository)
    write_zip(remote, "main", tmp_path / "source.zip")
    with zipfile.ZipFile(tmp_path / "source.zip") as archive:
        zipped = {name: archive.read(name).decode() for name in archive.namelist()}
    write_folder(remote, "main", tmp_path / "folder", {})
    assert {name: zipped[name] for name in FILES} == FILES
    assert {name: text for name, text in zipped.items() if not name.startswith("link")} == written(tmp_path / "folder")
    git_repository.clone(remote, "main", "main", tmp_path / "clone")
    cloned = written(tmp_path / "clone")
    assert cloned.keys() == written(tmp_path / "folder").keys()
    assert (cloned["big.bin"], cloned["version.txt"].strip()) == (POINTER, "$Format:%H$")


def test_a_folder_has_links_as_links(repository: Path, tmp_path: Path) -> None:
    """A folder has symbolic links and modes, as a clone does."""
    write_folder(repository, "main", tmp_path / "folder", {})
    assert (tmp_path / "folder" / "link.txt").readlink() == Path("real/a.txt")
    assert (tmp_path / "folder" / "linkdir" / "a.txt").is_file()
    assert os.access(tmp_path / "folder" / "run.sh", os.X_OK)


def test_differences_from_a_clone_are_reported(repository: Path, tmp_path: Path) -> None:
    """Links, LFS pointers and attributes are each reported with their first file."""
    assert write_zip(bare(repository), "main", tmp_path / "source.zip") == (
        "link.txt and 1 more: symbolic links are text files in the source, as on AWS (CODE_ZIP)",
        "big.bin: files of Git LFS are pointers in the source: no filter is run",
        ".gitattributes: export-ignore and export-subst have no effect here; what AWS does is not documented",
    )
    git(repository, "rm", "--quiet", ".gitattributes", "big.bin", "link.txt", "linkdir")
    git(repository, "commit", "--quiet", "--message", "plain")
    assert write_zip(repository, "main", tmp_path / "plain.zip") == ()


def test_a_submodule_is_an_empty_folder(repository: Path, tmp_path: Path) -> None:
    """A submodule is an empty folder in a zip and in a folder."""
    head = git(repository, "rev-parse", "HEAD")
    git(repository, "update-index", "--add", "--cacheinfo", f"160000,{head},library")
    git(repository, "commit", "--quiet", "--message", "a submodule")
    write_zip(repository, "HEAD", tmp_path / "source.zip")
    unzip(tmp_path / "source.zip", tmp_path / "out")
    write_folder(repository, "HEAD", tmp_path / "folder", {})
    for folder in ("out", "folder"):
        assert [*(tmp_path / folder / "library").iterdir()] == []


def test_a_commit_that_is_not_there_is_an_error_in_words(repository: Path, tmp_path: Path) -> None:
    """The error names the revision and the repository."""
    with pytest.raises(RehearsalError, match=r"the files of nowhere cannot be read from .*repository"):
        write_zip(repository, "nowhere", tmp_path / "source.zip")
