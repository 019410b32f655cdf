"""Stacks whose templates have resource types that MiniStack lacks: the error has the command that continues.

Where a build deploys the stack from a cloud assembly, the command accepts what all stacks of the assembly need.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from rehearsal.emulator.ministack.port import cloudformation
from rehearsal.emulator.ministack.port.requests import Answer, Operation, Params
from rehearsal.errors import WrongUse
from rehearsal.project.assembly_manifest import MANIFEST, all_stacks, find_assemblies, pipelines
from rehearsal.project.unsupported_parts import unsupported_parts
from rehearsal.workspace.acceptances import Accepted, continue_hint
from rehearsal.workspace.supported import Supported

_REFUSED = re.compile(rb"Template format error: Unrecognized resource types: \[([\w:, ]+)\]")


class UnsupportedTypes:
    """Explains the refusals. builds: the folder with the work folders of builds."""

    def __init__(self, builds: Path, supported: Callable[[], Supported], accepted: Callable[[], Accepted]) -> None:
        self._builds, self._supported, self._accepted = builds, supported, accepted

    def explain(self, handler: Operation) -> Operation:
        """Return the replacement of CreateStack, UpdateStack and CreateChangeSet."""

        def explained(params: Params) -> Answer:
            answer = handler(params)
            refused = _REFUSED.search(answer[2])
            if not refused:
                return answer
            types = refused[1].decode().split(", ")
            others = sorted(self._of_assembly(cloudformation.parameter(params, "StackName")) - {*types})
            also = f"; its assembly also has {', '.join(others)}" if others else ""
            message = f"{refused[0].decode()}{also}; {continue_hint({*types, *others})}"
            return cloudformation.error_answer("ValidationError", message, 400)

        return explained

    def _of_assembly(self, stack: str) -> set[str]:
        """The types and providers to accept for the newest assembly with this stack; empty without such an assembly."""
        sources = self._builds.glob("*/src*/src")
        try:
            assemblies = [path for source in sources for path in find_assemblies(source) if _has_stack(path, stack)]
            newest = max(assemblies, key=lambda path: (path / MANIFEST).stat().st_mtime, default=None)
            stacks = all_stacks(newest) if newest else []
            return {*unsupported_parts(stacks, pipelines(stacks), self._supported(), self._accepted())}
        except (OSError, ValueError, WrongUse):  # a build has an assembly without some of its files
            return set()


def _has_stack(assembly: Path, name: str) -> bool:
    return any(stack.name == name for stack in all_stacks(assembly))
