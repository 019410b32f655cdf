"""Accepted resource types: types that MiniStack lacks, and types that it implements in part."""

from __future__ import annotations

import json
from pathlib import Path

from ministack.services.cloudformation import provisioners

from rehearsal.emulator.cloudformation.accepted_types import AcceptedTypes
from rehearsal.emulator.cloudformation.resource_record import ResourceRecord
from rehearsal.workspace.acceptances import Accepted


def test_an_accepted_type_replaces_ministacks(as_it_comes: None, tmp_path: Path) -> None:
    """Resources of an accepted type have no effect; MiniStack's handler returns when the type is not accepted."""
    names, record = {"AWS::SQS::Queue", "AWS::New::Thing"}, tmp_path / "resources.jsonl"
    before = provisioners._RESOURCE_HANDLERS["AWS::SQS::Queue"]
    types = AcceptedTypes(lambda: Accepted.from_names(names), ResourceRecord(record))
    types.refresh()
    for name in sorted(names):
        provisioners._RESOURCE_HANDLERS[name]["create"]("Id", {}, "stack")
    assert [json.loads(line)["type"] for line in record.read_text().splitlines()] == sorted(names)
    names.clear()
    types.refresh()
    assert provisioners._RESOURCE_HANDLERS["AWS::SQS::Queue"] is before
    assert "AWS::New::Thing" not in provisioners._RESOURCE_HANDLERS
