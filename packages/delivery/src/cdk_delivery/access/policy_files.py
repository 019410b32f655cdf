"""The generated policies of a project, as `bootstrap` puts them into accounts and `doctor` compares them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cdk_delivery.changes.bootstrap_policies import policy_names
from cdk_delivery.errors import WrongUse
from cdk_delivery.project_config import read_config


@dataclass(frozen=True)
class PolicyFiles:
    """The files of the generated policies. folder: relative to `root`, the project's folder."""

    root: Path
    folder: PurePosixPath

    @classmethod
    def of(cls, root: Path) -> PolicyFiles:
        """Return the files in the folder that `[tool.delivery]` of the project in `root` names. Raises WrongUse."""
        return cls(root, PurePosixPath(read_config(root).access))

    def path(self, policy: str) -> str:
        """Return the path of one policy, such as `environment`, relative to the root."""
        return str(self.folder / f"{policy}.json")

    def parts(self, kind: str) -> list[str]:
        """Return the names of the policies of `environment` or `pipeline`, in order; IAM's size limit divides them.

        Raises WrongUse if there is none.
        """
        self.read(kind)
        return self._parts(kind)

    def stale(self, generated: Collection[str]) -> list[str]:
        """Return the paths of policies that are no longer among the generated files."""
        paths = [self.path(part) for kind in ("pipeline", "environment") for part in self._parts(kind)]
        return [path for path in paths if path not in generated]

    def _parts(self, kind: str) -> list[str]:
        return policy_names(self.root / self.folder, [kind])

    def read(self, policy: str) -> str:
        """Return the text of one policy. Raises WrongUse if there is none."""
        file = self.root / self.path(policy)
        if not file.exists():
            raise WrongUse(f"there is no {self.path(policy)} in {self.root}; `make generate` writes it")
        return file.read_text()
