"""The layers are the recorded ones, byte by byte."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest

from tests.upgrade import layers

SHARED = "shared"


@pytest.mark.slow
def test_layers_are_the_recorded_ones(tmp_path: Path) -> None:
    """The same lock and settings give the same zips, built from an empty cache."""
    record = layers.record()
    if differs := layers.other_machine(record["inputs"], layers.inputs()):
        pytest.skip(f"layers are the same bytes for one interpreter and one zlib; here is {differs}")
    report = layers.compare(record, layers.present(tmp_path))
    assert not report, "\n".join(report)


def test_a_changed_byte_is_reported() -> None:
    """The report names the layer and shows both digests."""
    record = layers.record()
    changed = deepcopy(record)
    changed["layers"][SHARED]["sha256"] = "sha256:0"
    report, _ = layers.compare(record, changed)
    assert report.startswith(f"changed: layers/{SHARED}\n")
    assert record["layers"][SHARED]["sha256"] in report


def test_a_changed_lock_asks_for_a_new_record() -> None:
    """The record is valid for one lock; the message says how to record again."""
    record = layers.record()
    changed = deepcopy(record)
    changed["inputs"]["poetry.lock"] = "sha256:0"
    report = "\n".join(layers.compare(record, changed))
    assert "changed: inputs/poetry.lock" in report
    assert "python tests/upgrade/record.py layers" in report


def test_the_digest_is_that_of_the_file(tmp_path: Path) -> None:
    """A zip with one changed byte is not what its layers.json says."""
    folder = tmp_path / "build" / "layers"
    folder.mkdir(parents=True)
    (folder / "a.zip").write_bytes(b"changed")
    layer = '{"name": "a", "zip": "build/layers/a.zip", "sha256": "0", "bytes": 7, "functions": []}'
    (folder / "layers.json").write_text(f'{{"layers": [{layer}]}}')
    with pytest.raises(AssertionError, match=r"a\.zip is not what layers\.json says"):
        layers.read(tmp_path)
