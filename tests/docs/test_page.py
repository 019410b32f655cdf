"""The check of pages finds a page that differs from the result."""

from pathlib import Path

import pytest

from tests.docs.page import DoesNotHold, Page


def written(folder: Path, text: str) -> Page:
    path = folder / "page.md"
    path.write_text(text)
    return Page(path)


def test_files_are_written_changes_applied_and_commands_run(tmp_path: Path) -> None:
    """Files, changes and commands are handled in the order of the page."""
    page = written(
        tmp_path,
        "# Page\n\n```python a/b.py\nprint('one')\n```\n\ntext\n\n"
        "```diff\n--- a/a/b.py\n+++ b/a/b.py\n@@ -1 +1 @@\n-print('one')\n+print('two')\n```\n\n"
        "```console\n$ python3 a/b.py\ntwo\n```\n",
    )
    page.follow(tmp_path)
    assert (tmp_path / "a" / "b.py").read_text() == "print('two')\n"


@pytest.mark.gate
@pytest.mark.parametrize(
    ("block", "says"),
    [
        ("console\n$ echo one\ntwo", "prints something else than the page says"),
        ("console\n$ false", "ended with 1"),
        ("diff\n--- a/none.py\n+++ b/none.py\n@@ -1 +1 @@\n-x\n+y", "ended with 1"),
    ],
)
def test_a_page_that_differs_is_red(tmp_path: Path, block: str, says: str) -> None:
    """Another output, a failed command, and a change that does not apply are errors."""
    with pytest.raises(DoesNotHold, match=says):
        written(tmp_path, f"```{block}\n```\n").follow(tmp_path)


def test_dots_stand_for_what_differs(tmp_path: Path) -> None:
    """`...` matches text that differs between runs, such as seconds."""
    written(tmp_path, "```console\n$ echo took 12 s\ntook ... s\n```\n").follow(tmp_path)


def test_commands_for_others_are_left_out(tmp_path: Path) -> None:
    """Console blocks for another test are skipped."""
    page = written(tmp_path, "```console rehearsed\n$ touch here\n```\n")
    page.follow(tmp_path)
    assert not (tmp_path / "here").exists()
    page.follow(tmp_path, console="rehearsed")
    assert (tmp_path / "here").exists()
