"""The generated policies of a project, as `bootstrap` puts them into accounts and `doctor` compares them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cdk_delivery.errors import WrongUse
from cdk_delivery.project_config import read_config


@dataclass(frozen=True)
class PolicyFiles:
    """`folder` is relative to the project's `root`."""

    root: Path
    folder: PurePosixPath

    @classmethod
    def of(cls, root: Path) -> PolicyFiles:
        """Where `[tool.delivery]` of the project in `root` says. Raises WrongUse."""
        return cls(root, PurePosixPath(read_config(root).access))

    def path(self, policy: str) -> str:
        """The path of one policy, such as `environment`, relative to the root."""
        return str(self.folder / f"{policy}.json")

    def parts(self, kind: str) -> list[str]:
        """Return the policies of `environment` or `pipeline` in order: IAM's limit of size splits them.

        Raises WrongUse where there is none.
        """
        self.read(kind)
        return self._found(kind)

    def stale(self, generated: Collection[str]) -> list[str]:
        """Return the paths of parts of a policy that are not among the generated files."""
        found = [self.path(part) for kind in ("pipeline", "environment") for part in self._found(kind)]
        return [path for path in found if path not in generated]

    def _found(self, kind: str) -> list[str]:
        names = sorted(path.stem for path in (self.root / self.folder).glob("*.json"))
        return [name for name in names if name == kind or name.startswith(f"{kind}-")]

    def read(self, policy: str) -> str:
        """The text of one policy. Raises WrongUse where there is none."""
        file = self.root / self.path(policy)
        if not file.exists():
            raise WrongUse(f"there is no {self.path(policy)} in {self.root}; `make generate` writes it")
        return file.read_text()
