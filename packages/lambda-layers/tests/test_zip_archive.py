"""The zip archive: the same names and contents give the same bytes."""

from __future__ import annotations

import hashlib
import io
import random
import tempfile
import zipfile
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambda_layers.builder.extent import Extent
from lambda_layers.builder.zip_archive import deflate, write

PARTS = st.text("abcdefghijklmnop_-.é", min_size=1, max_size=12).filter(lambda part: part.strip("."))
NAMES = st.builds("python/{}.d/{}{}".format, PARTS, PARTS, st.sampled_from([".py", ".json.gz", ".so"]))
TREES = st.dictionaries(NAMES, st.binary(max_size=200) | st.just(b"text " * 100), max_size=12)


def written(tree: dict[str, bytes]) -> tuple[bytes, int]:
    """Return the bytes of the archive of these files, and the reported sum of their sizes."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "layer.zip"
        size = write(path, [deflate(name, [content]) for name, content in tree.items()]).unzipped
        return path.read_bytes(), size


@given(tree=TREES)
@settings(max_examples=60)
def test_every_file_is_in_the_zip_as_it_was(tree: dict[str, bytes]) -> None:
    """The archive has all files, sorted by name, with mode 0644 and one date."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "layer.zip"
        size = write(path, [deflate(name, [content]) for name, content in tree.items()]).unzipped
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
    """The bytes do not depend on the order of the files."""
    names = list(tree)
    seed.shuffle(names)  # type: ignore[attr-defined]
    assert written({name: tree[name] for name in names}) == written(tree)


@given(tree=TREES.filter(bool), data=st.data())
@settings(max_examples=20)
def test_another_content_makes_other_bytes(tree: dict[str, bytes], data: st.DataObject) -> None:
    """A changed file changes the bytes."""
    changed = data.draw(st.sampled_from(sorted(tree)))
    assert written({**tree, changed: tree[changed] + b"!"}) != written(tree)


def test_the_first_of_two_files_with_one_name_counts(tmp_path: Path) -> None:
    """The archive has only the first of two files with the same name."""
    assert (
        write(tmp_path / "layer.zip", [deflate("python/a", [b"first"]), deflate("python/a", [b"second!"])]).unzipped
        == 5
    )
    with zipfile.ZipFile(tmp_path / "layer.zip") as zipped:
        assert [zipped.read(entry) for entry in zipped.infolist()] == [b"first"]


@pytest.mark.gate
@given(tree=TREES, executable=st.booleans())
@settings(max_examples=40)
def test_the_archive_is_what_python_s_zipfile_writes(tree: dict[str, bytes], executable: bool) -> None:
    """The archive equals zipfile's output, from memory and from a file, with the right size and digest."""
    with tempfile.TemporaryDirectory() as folder:
        path, blob = Path(folder) / "layer.zip", Path(folder) / "blob"
        parts = [deflate(name, [content], executable=executable) for name, content in tree.items()]
        blob.write_bytes(b"".join(packed for _, packed in parts))
        offsets = accumulate((entry.packed for entry, _ in parts), initial=0)
        extents = [
            (entry, Extent(blob, offset, entry.packed)) for (entry, _), offset in zip(parts, offsets, strict=False)
        ]
        expected = by_zipfile(tree, 0o100755 if executable else 0o100644)
        for found in (parts, extents):
            archive = write(path, found)
            assert path.read_bytes() == expected
            assert (archive.size, archive.digest) == (len(expected), hashlib.sha256(expected).hexdigest())


def by_zipfile(tree: dict[str, bytes], mode: int) -> bytes:
    """Return an archive of the files, written by the standard library."""
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as zipped:
        for name in sorted(tree):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, mode << 16
            stored = name.endswith(".json.gz")
            zipped.writestr(entry, tree[name], zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED, 6)
    return output.getvalue()


def test_a_file_in_parts_is_the_same_as_in_one(tmp_path: Path) -> None:
    """The size of the parts in which a file is read does not change the bytes."""
    content = random.Random(1).randbytes(300_000)  # noqa: S311
    content += b"text " * 100_000
    pieces = [content[start : start + 7_777] for start in range(0, len(content), 7_777)]
    assert deflate("python/a", pieces) == deflate("python/a", [content])


@pytest.mark.slow
def test_more_files_than_a_plain_zip_can_count(tmp_path: Path) -> None:
    """An archive with more than 65,535 files is a valid ZIP64 archive."""
    entry, packed = deflate("python/0", [b"x"])
    write(tmp_path / "layer.zip", ((entry._replace(name=f"python/{number}"), packed) for number in range(66_000)))
    with zipfile.ZipFile(tmp_path / "layer.zip") as zipped:
        assert len(zipped.namelist()) == 66_000
        assert zipped.read("python/65999") == b"x"
