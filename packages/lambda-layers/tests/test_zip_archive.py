"""The zip: names and contents in, the same bytes out."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from lambda_layers.builder.zip_archive import deflate, write

PARTS = st.text("abcdefghijklmnop_-.é", min_size=1, max_size=12).filter(lambda part: part.strip("."))
NAMES = st.builds("python/{}.d/{}{}".format, PARTS, PARTS, st.sampled_from([".py", ".json.gz", ".so"]))
TREES = st.dictionaries(NAMES, st.binary(max_size=200) | st.just(b"text " * 100), max_size=12)


def written(tree: dict[str, bytes]) -> tuple[bytes, int]:
    """Return the bytes of the archive of these files, and the reported sum of their sizes."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "layer.zip"
        size = write(path, [deflate(name, content) for name, content in tree.items()])
        return path.read_bytes(), size


@given(tree=TREES)
@settings(max_examples=60)
def test_every_file_is_in_the_zip_as_it_was(tree: dict[str, bytes]) -> None:
    """Any zip reader finds the files, in the order of their names, readable for everyone, with one date."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "layer.zip"
        size = write(path, [deflate(name, content) for name, content in tree.items()])
        with zipfile.ZipFile(path) as zipped:
            assert zipped.testzip() is None
            assert {name: zipped.read(name) for name in zipped.namelist()} == tree
            assert zipped.namelist() == sorted(tree)
            assert {entry.external_attr >> 16 for entry in zipped.infolist()} <= {0o100644}
            assert {entry.date_time for entry in zipped.infolist()} <= {(1980, 1, 1, 0, 0, 0)}
    assert size == sum(len(content) for content in tree.values())


@given(tree=TREES, seed=st.randoms())
@settings(max_examples=40)
def test_the_order_of_the_files_does_not_matter(tree: dict[str, bytes], seed: object) -> None:
    """A file system lists files in any order; the bytes are the same."""
    names = list(tree)
    seed.shuffle(names)  # type: ignore[attr-defined]
    assert written({name: tree[name] for name in names}) == written(tree)


@given(tree=TREES.filter(bool), data=st.data())
@settings(max_examples=20)
def test_another_content_makes_other_bytes(tree: dict[str, bytes], data: st.DataObject) -> None:
    """One byte more in one file, and the digest is another."""
    changed = data.draw(st.sampled_from(sorted(tree)))
    assert written({**tree, changed: tree[changed] + b"!"}) != written(tree)


def test_the_first_of_two_files_with_one_name_counts(tmp_path: Path) -> None:
    """Two packages may bring the same file; a zip with both would depend on its reader."""
    assert write(tmp_path / "layer.zip", [deflate("python/a", b"first"), deflate("python/a", b"second!")]) == 5
    with zipfile.ZipFile(tmp_path / "layer.zip") as zipped:
        assert [zipped.read(entry) for entry in zipped.infolist()] == [b"first"]
