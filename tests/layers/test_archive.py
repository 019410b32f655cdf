"""The zip: names and contents in, the same bytes out."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from layers.archive import pack

PARTS = st.text("abcdefghijklmnop_-.é", min_size=1, max_size=12).filter(lambda part: part.strip("."))
TREES = st.dictionaries(st.tuples(PARTS, PARTS), st.binary(max_size=200), max_size=12)


def write(folder: Path, tree: dict[tuple[str, str], bytes], *, mode: int) -> Path:
    """Write a tree below `folder`/python with this mode."""
    (folder / "python").mkdir(parents=True)
    for (above, name), content in tree.items():
        path = folder / "python" / f"{above}.d" / f"{name}.f"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        path.chmod(mode)
    return folder / "python"


@given(tree=TREES)
@settings(max_examples=40)
def test_the_same_files_make_the_same_bytes(tree: dict[tuple[str, str], bytes]) -> None:
    """Neither the folder, nor modes, nor the order in which files were made is in the zip; contents and sizes are."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        here = write(root / "here", tree, mode=0o600)
        there = write(root / "there", dict(reversed(tree.items())), mode=0o755)
        sizes = [pack(here, root / "here.zip"), pack(there, root / "there.zip")]
        assert (root / "here.zip").read_bytes() == (root / "there.zip").read_bytes()
        with zipfile.ZipFile(root / "here.zip") as zipped:
            assert {name: zipped.read(name) for name in zipped.namelist()} == {
                f"python/{above}.d/{name}.f": content for (above, name), content in tree.items()
            }
            assert zipped.namelist() == sorted(zipped.namelist())
            assert {entry.external_attr >> 16 for entry in zipped.infolist()} <= {0o100644}
    assert sizes == [sum(len(content) for content in tree.values())] * 2


@given(tree=TREES.filter(bool), data=st.data())
@settings(max_examples=20)
def test_another_content_makes_other_bytes(tree: dict[tuple[str, str], bytes], data: st.DataObject) -> None:
    """One byte more in one file, and the digest is another."""
    changed = data.draw(st.sampled_from(sorted(tree)))
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        pack(write(root / "here", tree, mode=0o644), root / "here.zip")
        pack(write(root / "there", {**tree, changed: tree[changed] + b"!"}, mode=0o644), root / "there.zip")
        assert (root / "here.zip").read_bytes() != (root / "there.zip").read_bytes()
