"""Synthesized templates as plain data, with everything masked that depends on the content of assets."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import yaml
from aws_cdk import App

import pipeline_app
from tests.upgrade import recorded
from tests.upgrade.settings import context

# file below cdk.out -> section -> name -> body
Templates = Mapping[str, Mapping[str, Mapping[str, Any]]]

NAME = "templates.json"
# setting, file, section, name
_DEPTH = 4
REVISION = "f" * 40
_KEPT = ("Type", "Properties", "DeletionPolicy", "UpdateReplacePolicy", "DependsOn", "UpdatePolicy", "Condition")
_SECTIONS = ("Parameters", "Outputs", "Conditions", "Mappings", "Rules")
_MASKS = (
    (re.compile(REVISION), "<revision>"),
    # digests of Lambda code, layers and templates; the one of the synth project's settings is masked as well, because
    # those settings are recorded themselves
    (re.compile(r"[0-9a-f]{64}"), "<digest>"),
    # the destination of an asset ends with another digest
    (re.compile(r"(<digest>:\d{12}-[a-z0-9-]+)-[0-9a-f]{8}\b"), r"\1-<digest>"),
    # the logical id of a Lambda version ends with a digest of its function's code and configuration
    (re.compile(r"(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}"), r"\1<version>"),
)


def record() -> dict[str, Any]:
    """Return the recorded templates of each setting."""
    return recorded.unpack(recorded.read(NAME), depth=_DEPTH)


def write(snapshots: Mapping[str, Templates]) -> Path:
    """Record the templates of each setting."""
    return recorded.write(NAME, recorded.pack(snapshots, depth=_DEPTH), depth=_DEPTH + 1)


def compare(old: Templates, new: Templates) -> list[str]:
    """Return what differs between the templates of one setting; empty if nothing does."""
    return list(recorded.differences(old, new, depth=_DEPTH - 1))


def synthesize(setting: str, folder: Path) -> Templates:
    """Synthesize the working tree with one of the recorded settings into `folder`, and read the templates."""
    app = partial(App, context=context(setting), outdir=str(folder))
    revision = {"CODEBUILD_RESOLVED_SOURCE_VERSION": REVISION}
    with mock.patch.object(pipeline_app, "App", app), mock.patch.dict(os.environ, revision):
        assert pipeline_app.main() == 0, f"the app is red with the settings `{setting}`"
    return read(folder)


def read(folder: Path) -> Templates:
    """Read and mask every template and every generated buildspec below `folder`."""
    files = {path: _sections(json.loads(path.read_text())) for path in folder.rglob("*.template.json")}
    files |= {path: {"Buildspec": {"all": yaml.safe_load(path.read_text())}} for path in folder.rglob("buildspec-*")}
    named = {path.relative_to(folder).as_posix(): sections for path, sections in files.items()}
    masked: Templates = json.loads(mask(json.dumps(named)), object_pairs_hook=_distinct)
    return masked


def mask(text: str) -> str:
    """Replace what differs between two trees that deploy the same resources."""
    for pattern, replacement in _MASKS:
        text = pattern.sub(replacement, text)
    return text


def _distinct(members: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in members]
    assert len(names) == len({*names}), f"two names are the same once they are masked: {sorted(names)}"
    return dict(members)


def _sections(template: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    resources = {
        id_: {key: body[key] for key in _KEPT if key in body} for id_, body in template.get("Resources", {}).items()
    }
    return {"Resources": resources, **{name: template[name] for name in _SECTIONS if name in template}}
