"""The registry of MiniStack corrections is complete, ordered, and written for the installed version."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections import defaultdict
from dataclasses import replace

import pytest

from rehearsal.emulator.ministack import patch, patches
from rehearsal.emulator.ministack.corrections import services
from rehearsal.emulator.ministack.patch import Correction, MissingTarget, Patch
from tests.emulator.ministack import snapshot
from tests.root import PACKAGE

PATCHES = [replaced for correction in patches.CORRECTIONS for replaced in correction.patches]
# Copies of replaced functions that need no patch: no request uses them, or they have another meaning.
COPIES = {
    "ministack.services.iam:_error",  # answers for IAM; only STS's answers are explained
    "ministack.services.stepfunctions:_service_model",  # correct, only slower than the replacement
}
FIND_COPIES = """
import importlib, json, pkgutil, sys, ministack.services
from ministack import app
for module in pkgutil.walk_packages(ministack.services.__path__, "ministack.services."):
    importlib.import_module(module.name)
found = {}
for target in (targets := json.load(sys.stdin)):
    importlib.import_module(target.split(":")[0])
for target in targets:
    module, name = target.split(":")
    function = getattr(sys.modules[module], name)
    places = [f"{m}:{n}" for m, loaded in sys.modules.items() if m.startswith("ministack") for n, value in
        vars(loaded).items() if value is function]
    found[target] = sorted({*places} - {target})
print(json.dumps(found))
"""


def faults_of(correction: Correction) -> list[str]:
    """Return the faults of a declaration."""
    path, _, name = correction.test.partition("::")
    file = PACKAGE / path
    names = (
        {node.name for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.FunctionDef)}
        if (file.exists())
        else set()
    )
    return [
        *([] if name in names else [f"no test {correction.test}"]),
        *([] if correction.upstream.startswith(("https://", "not reported: ")) else ["neither a link nor a reason"]),
        *([] if correction.fault.endswith(".") else ["the fault is no sentence"]),
        *([] if correction.patches or correction.check else ["it corrects nothing"]),
    ]


@pytest.mark.parametrize("correction", patches.CORRECTIONS, ids=lambda correction: correction.fault)
def test_each_correction_names_its_fault_its_test_and_its_report(correction: Correction) -> None:
    """Each correction names an existing test, and the upstream report or the reason why there is none."""
    assert faults_of(correction) == []


def test_an_incomplete_declaration_is_found() -> None:
    """The check finds a missing test, a missing reason, a fault without a period, and a correction without patches."""
    odd = replace(services.UNSAVED_STATE, test="tests/root.py::test_none", upstream="later", fault="a", patches=())
    assert len(faults_of(odd)) == 4
    assert faults_of(replace(services.UNSAVED_STATE, test="tests/none.py::test_none")) == [
        "no test tests/none.py::test_none"
    ]


@pytest.mark.parametrize("replaced", PATCHES, ids=lambda replaced: replaced.target)
def test_each_patch_is_for_the_installed_version(replaced: Patch) -> None:
    """Each patch has the digest of the installed function; after a failure, read the new source and adapt the patch."""
    assert patch.digest(patch.source(patch.read(replaced.target), {})) == replaced.source


def test_targets_with_several_patches_have_an_explicit_order() -> None:
    """Targets with several patches have an explicit order, independent of imports."""
    by_target = defaultdict(list)
    for correction in patches.CORRECTIONS:
        for replaced in correction.patches:
            by_target[replaced.target].append(correction)
    shared = {target: tuple(corrections) for target, corrections in by_target.items() if len(corrections) > 1}
    assert shared == patches.SHARED_TARGETS


def test_every_place_that_holds_a_replaced_function_is_replaced() -> None:
    """Each copy of a patched function in another MiniStack module is patched too, or listed here."""
    targets = {replaced.target: replaced.also for replaced in PATCHES if "[" not in replaced.target}
    command = [sys.executable, "-c", FIND_COPIES]
    done = subprocess.run(command, input=json.dumps(list(targets)), check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    copies = {target: {*places} - COPIES for target, places in json.loads(done.stdout).items()}
    assert copies == {target: {*also} for target, also in targets.items()}


def test_the_snapshot_covers_every_module_that_is_corrected() -> None:
    """The snapshot covers every corrected module, so that a test does not leak a correction."""
    corrected = {target.partition(":")[0] for replaced in PATCHES for target in (replaced.target, *replaced.also)}
    assert corrected <= {module.__name__ for module in snapshot.MODULES}


def test_a_function_that_is_gone_is_named() -> None:
    """A missing name, table or module of MiniStack is an error that names it."""
    for target in ("ministack.services.s3:_none", "ministack.services.s3:_none[key]", "ministack.none:_none"):
        with pytest.raises(MissingTarget, match=f"MiniStack has no {target}".replace("[", r"\[")):
            patch.read(target)
