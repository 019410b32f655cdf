"""The secrets gate scans only files that have changed since they were clean."""

import hashlib
import json
from pathlib import Path

import pytest

from cdk_delivery.gates import secrets
from cdk_delivery.gates.result_cache import FOLDER

pytestmark = pytest.mark.slow

KEY = "AKIA" + "Q3EGRIUPLCEXAMPX"
FIND = {"hashed_secret": hashlib.sha1(KEY.encode(), usedforsecurity=False).hexdigest(), "is_secret": False}
CONFIG = '[tool.delivery]\naccess = "access"\npages = { security = "pages/security.md" }\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with two clean files, scanned once."""
    (tmp_path / secrets.BASELINE).write_text('{"results": {}}')
    (tmp_path / "pyproject.toml").write_text(CONFIG)
    (tmp_path / "docs").mkdir()
    for name in ("a.md", "docs/b.md"):
        (tmp_path / name).write_text("nothing to see\n")
    assert secrets.main(tmp_path) == 0
    return tmp_path


@pytest.mark.gate
def test_a_file_that_was_clean_is_scanned_again_once_it_changed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A changed file is scanned again in each run until it has no secret."""
    (root / "docs" / "b.md").write_text(f"the key is {KEY}\n")
    for _ in range(2):
        assert secrets.main(root) == 1
        said = capsys.readouterr().err
        assert "docs/b.md:1: AWS Access Key" in said
        assert f"put it into {secrets.BASELINE} (pages/security.md)" in said


@pytest.mark.gate
def test_a_finding_removed_from_the_baseline_is_red(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A finding that is removed from the baseline is red, although the file has not changed since a green scan."""
    (root / "a.md").write_text(f"the key is {KEY}\n")
    for results, status in (({"a.md": [FIND]}, 0), ({}, 1), ({"a.md": [FIND | {"is_secret": True}]}, 1)):
        (root / secrets.BASELINE).write_text(json.dumps({"results": results}))
        assert secrets.main(root) == status
        assert ("a.md:1: AWS Access Key" in capsys.readouterr().err) == bool(status)


@pytest.mark.gate
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "utf-8-sig"])
def test_a_text_in_another_encoding_is_scanned(root: Path, encoding: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Secrets in UTF-16 (PowerShell's `>`), UTF-32 and Latin-1 are found, and such a file is not cached as clean."""
    (root / "docs" / "b.md").write_bytes(f"Schl\u00fcssel\nthe key is {KEY}\n".encode(encoding))
    for _ in range(2):
        assert secrets.main(root) == 1
        assert "docs/b.md:2: AWS Access Key" in capsys.readouterr().err


def test_a_binary_file_is_green(root: Path) -> None:
    """A file with NUL bytes that is not text in a known encoding has no findings."""
    (root / "docs" / "picture.png").write_bytes(bytes(range(256)) * 20 + b"\0\0\0" * 50)
    assert secrets.main(root) == 0


@pytest.mark.gate
@pytest.mark.parametrize("name", ["a.svg", "a.css", "swagger/a.md", "poetry.lock", "back\\slash.md"])
def test_no_file_is_skipped_because_of_its_name(root: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Several changed files are all scanned, also those that detect-secrets skips by their names."""
    for path in (root / "docs" / name, root / "docs" / "b.md"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"the key is {KEY}\n")
    assert secrets.main(root) == 1
    errors = capsys.readouterr().err
    assert f"docs/{name}:1: AWS Access Key" in errors
    assert "docs/b.md:1: AWS Access Key" in errors


def test_links_are_not_scanned(root: Path) -> None:
    """A link adds no finding to the accepted one of its target; targets outside of the source are not pushed."""
    (root / "link.md").symlink_to("docs/b.md")
    (root / "pages").symlink_to("docs")
    assert list(secrets.source_files(root)) == ["a.md", "docs/b.md", "pyproject.toml"]


@pytest.mark.gate
@pytest.mark.parametrize("name", ["my_cache/a.md", "assembly/a.md", "build/a.md", "docs/poetry.lock"])
def test_a_source_file_with_a_generated_name_is_scanned(
    root: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A source file is scanned even if its path resembles a generated file's."""
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text(f"the key is {KEY}\n")
    assert secrets.main(root) == 1
    assert f"{name}:1: AWS Access Key" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name",
    [".mypy_cache/a.md", ".cfnlint_cache/a.md", "build/layers/a.md", "cdk.out/a.md", "poetry.lock", "docs/a.pyc"],
)
def test_generated_files_are_not_scanned(root: Path, name: str) -> None:
    """Generated files are not scanned, since they are not part of a push."""
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(f"the key is {KEY}\n")
    assert name not in secrets.source_files(root)


@pytest.mark.parametrize("text", ["[", '{"a": 1}', ""])
def test_a_damaged_cache_is_ignored(root: Path, text: str) -> None:
    """With a damaged cache, as after a killed build, everything is scanned again."""
    (root / FOLDER / "secrets.json").write_text(text)
    assert secrets.main(root) == 0


def test_unchanged_files_are_not_scanned_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache depends on names and contents, not on dates or on the project's folder."""
    scanned: list[str] = []

    def scan(_: Path, names: list[str]) -> dict[str, object]:
        scanned.extend(names)
        return {}

    monkeypatch.setattr(secrets, "_scan", scan)
    elsewhere = root.rename(root.with_name("elsewhere"))
    (elsewhere / "a.md").write_text("something new\n")
    (elsewhere / "docs" / "b.md").touch()
    assert secrets.main(elsewhere) == 0
    assert scanned == ["a.md"]


def test_an_accepted_finding_is_scanned_once(root: Path) -> None:
    """A file with an accepted finding is cached as clean."""
    (root / "a.md").write_text(f"the key is {KEY}\n")
    (root / secrets.BASELINE).write_text(json.dumps({"results": {"a.md": [FIND]}}))
    assert secrets.main(root) == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "scan", lambda _, names: {} if not names else pytest.fail(f"{names} scanned again"))
        assert secrets.main(root) == 0


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (CONFIG, "pages/security.md says how it is made"),
        ('[tool.delivery]\naccess = "access"\n', "`detect-secrets scan` makes it"),
        ("", "pyproject.toml [tool.delivery] access: is missing"),
    ],
)
def test_a_project_without_a_baseline_is_wrong_use(
    root: Path, config: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says how to create a baseline."""
    (root / secrets.BASELINE).unlink()
    (root / "pyproject.toml").write_text(config)
    assert secrets.main(root) == 2
    assert says in capsys.readouterr().err
