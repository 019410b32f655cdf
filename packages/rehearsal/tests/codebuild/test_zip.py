"""Artifact zips: modes and links are kept, and no file is extracted outside of the target folder."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from rehearsal.codebuild.file_patterns import files
from rehearsal.codebuild.zip_extract import unzip
from rehearsal.codebuild.zip_write import zip_files
from rehearsal.errors import RehearsalError


def test_zips_of_builds_unpack_as_they_were(tmp_path: Path) -> None:
    """A zip keeps modes and symbolic links."""
    base = tmp_path / "base"
    (base / "bin").mkdir(parents=True)
    (base / "bin" / "run").write_text("#!/bin/sh\n")
    (base / "bin" / "run").chmod(0o755)
    (base / "link").symlink_to("bin/run")
    zip_files(files(base, ["**/*"], {}), tmp_path / "a.zip", links=True)
    unzip(tmp_path / "a.zip", tmp_path / "out")
    assert (tmp_path / "out" / "link").readlink() == Path("bin/run")
    assert (tmp_path / "out" / "bin" / "run").stat().st_mode & 0o777 == 0o755


def test_compressed_files_are_stored(tmp_path: Path) -> None:
    """Zips in an artifact, such as layers, are stored and not compressed again."""
    base = tmp_path / "base"
    base.mkdir()
    for name in ("layer.zip", "template.json"):
        (base / name).write_bytes(b"a" * 1000)
    zip_files(files(base, ["*"], {}), tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        kinds = {entry.filename: entry.compress_type for entry in archive.infolist()}
    assert kinds == {"layer.zip": zipfile.ZIP_STORED, "template.json": zipfile.ZIP_DEFLATED}


def test_an_absolute_name_stays_inside(tmp_path: Path) -> None:
    """A member with an absolute path is extracted inside the target folder, as by unzip."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(f"{tmp_path}/evil", "")
    unzip(tmp_path / "a.zip", tmp_path / "out")
    assert list(tmp_path.rglob("evil")) == [tmp_path / f"out{tmp_path}" / "evil"]


@pytest.mark.parametrize("link", ["", ".."])
def test_nothing_is_unpacked_outside(link: str, tmp_path: Path) -> None:
    """A member whose name or parent link leads outside of the target folder is refused."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        member = zipfile.ZipInfo("link")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        if link:
            archive.writestr(member, link)
        archive.writestr("link/evil" if link else "../evil", "")
    with pytest.raises(RehearsalError, match="would be unpacked outside"):
        unzip(tmp_path / "a.zip", tmp_path / "out")
    assert not (tmp_path / "evil").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_never_goes_through_a_link_of_its_name(tmp_path: Path) -> None:
    """A member with the name of an earlier link is refused, and does not overwrite the link's target."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        member = zipfile.ZipInfo("settings")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(member, "../evil")
        archive.writestr(zipfile.ZipInfo("settings"), "planted")
    with pytest.raises(RehearsalError, match="settings cannot be unpacked"):
        unzip(tmp_path / "a.zip", tmp_path / "out")
    assert not (tmp_path / "evil").exists()


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """The error names the path, so that a full disk is not reported as a bug."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a/b", "")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").write_text("a file where a folder should be")
    with pytest.raises(RehearsalError, match="out/a"):
        unzip(tmp_path / "a.zip", tmp_path / "out")
