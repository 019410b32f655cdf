"""An embedded AWS that enforces IAM, for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rehearsal.emulator.server import launcher
from rehearsal.workspace.layout import Workspace
from tests.conftest import Embedded


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    workspace = Workspace(tmp_path_factory.mktemp("codedeploy"))
    with launcher.join_or_start(workspace, iam=True) as endpoint:
        yield Embedded(endpoint, workspace)
