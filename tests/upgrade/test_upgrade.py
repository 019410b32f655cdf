"""A pipeline that was deployed from the last release takes the present tree, from the push to prod."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.upgrade import runs, trees
from tests.upgrade.deployed import ENVIRONMENTS, Deployed, Resources, commit, git, lost

pytestmark = pytest.mark.soak

VARIABLE = "UPGRADED"
SYNTH = "echo-delivery-synth"


@dataclass(frozen=True)
class Upgrade:
    """The state of the deployed pipeline before and after the push, and the result of the run."""

    result: dict[str, Any]
    old: Resources
    new: Resources
    old_buildspec: str
    new_buildspec: str


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """The pipeline of the last release after one whole run, in that release's embedded AWS."""
    release = trees.last_release()
    if not trees.has(release):
        pytest.skip(f"this clone does not have {release}; `git fetch --unshallow --tags` gets it")
    pipeline = Deployed(tmp_path_factory.mktemp("upgrade") / "old")
    trees.unpack(release, pipeline.root)
    trees.shorten_check(pipeline.root)
    pipeline.set_up()
    try:
        assert pipeline.result("run", "--approve")["status"] == "Succeeded"
        yield pipeline
    finally:
        pipeline.rehearsal("down")


@pytest.fixture(scope="module")
def upgrade(deployed: Deployed) -> Upgrade:
    """The push of the present tree, whose buildspec differs, followed to its end."""
    clone = deployed.root.parent / "new"
    git(deployed.root.parent, "clone", "--quiet", str(deployed.root), str(clone))
    git(clone, "rm", "--quiet", "-r", ".")
    trees.copy(clone)
    trees.set_variable(clone, VARIABLE, "yes")
    commit(clone, "upgrade")
    deployed.bootstrap(clone)
    old, old_buildspec = deployed.resources(), buildspec(deployed)
    result = deployed.result("watch", deployed.push(clone), "--approve")
    return Upgrade(result, old, deployed.resources(), old_buildspec, buildspec(deployed))


def buildspec(deployed: Deployed) -> str:
    """Return the buildspec of the deployed Synth action."""
    (project,) = deployed.client("codebuild", "pipeline").batch_get_projects(names=[SYNTH])["projects"]
    return str(project["source"]["buildspec"])


def test_the_push_reaches_prod(upgrade: Upgrade) -> None:
    """Every action of every stage succeeds, and stages and actions are the recorded ones."""
    assert upgrade.result["status"] == "Succeeded"
    assert {action["status"] for stage in upgrade.result["stages"] for action in stage["actions"]} == {"Succeeded"}
    report = runs.compare(runs.record(), runs.stages(upgrade.result))
    assert not report, "\n".join(report)


def test_the_pipeline_updates_itself_and_starts_again(upgrade: Upgrade) -> None:
    """The first execution runs the old buildspec and deploys the new one; the second execution runs that."""
    assert VARIABLE not in upgrade.old_buildspec
    assert VARIABLE in upgrade.new_buildspec
    assert len(upgrade.result["earlier"]) == 1


def test_no_resource_is_replaced_or_deleted(upgrade: Upgrade) -> None:
    """Each resource of each stack, in all accounts, keeps its logical and its physical id."""
    assert {environment for environment, _, _ in upgrade.old} == {*ENVIRONMENTS}
    report = lost(upgrade.old, upgrade.new)
    assert not report, "\n".join(report)
