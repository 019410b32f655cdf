"""The commands of `[[prepare]]` in rehearsal.toml, which create resources that exist before the pipeline."""

from __future__ import annotations

from collections.abc import Callable

from rehearsal.project import configuration
from rehearsal.project.cdk_cli import Cdk
from rehearsal.workspace.layout import Workspace


class Preparation:
    """Runs the commands once, before the first deployment, or before synthesis where a look-up needs them."""

    def __init__(self, workspace: Workspace, cdk: Cdk, tell: Callable[[str], None]) -> None:
        self._root, self._cdk, self._tell = workspace.root, cdk, tell
        self._done = False

    def run(self, account: str, region: str) -> bool:
        """Run the commands, by default for this account and region; return whether a command ran."""
        commands = () if self._done else configuration.read_config(self._root).prepare
        for step in commands:
            self._tell(f"preparing: {step.command}")
            self._cdk.run_shell(step.command, self._root, step.account or account, step.region or region)
        self._done = True
        return bool(commands)
