"""The differences between two builds: packages and bytes of each layer."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lambda_layers import manifest, toml_files
from lambda_layers.builder import project_build
from lambda_layers.errors import WrongUse
from lambda_layers.locks import lockfile
from lambda_layers.manifest import Manifest, Package


@dataclass(frozen=True)
class Change:
    """The change of one package in one layer. before, after: None if the layer does not have it."""

    layer: str
    name: str
    before: Package | None
    after: Package | None

    @property
    def bytes(self) -> int:
        """The bytes by which the layer grows."""
        return (self.after.bytes if self.after else 0) - (self.before.bytes if self.before else 0)

    @property
    def kind(self) -> str:
        """`added`, `removed` or `changed`."""
        return "changed" if self.before and self.after else "added" if self.after else "removed"

    def as_dict(self) -> dict[str, object]:
        """Return the change for JSON."""
        before, after = (package._asdict() if package else None for package in (self.before, self.after))
        place = {"layer": self.layer, "name": self.name, "kind": self.kind}
        return {**place, "before": before, "after": after, "bytes": self.bytes}


def compare_manifests(before: Manifest, after: Manifest) -> list[Change]:
    """Return every package that was added, removed, or has another version or size."""
    old, new = _packages(before), _packages(after)
    pairs = {place: (old.get(place), new.get(place)) for place in sorted({*old, *new})}
    return [Change(layer, name, *pair) for (layer, name), pair in pairs.items() if pair[0] != pair[1]]


def _packages(built: Manifest) -> dict[tuple[str, str], Package]:
    return {(layer.name, package.name): package for layer in built.layers for package in layer.packages}


def manifest_at_revision(root: Path, revision: str) -> Manifest:
    """Build the layers of another revision, and return their manifest. Raises WrongUse without them in git."""
    with tempfile.TemporaryDirectory(prefix="layers-") as scratch:
        archive = ["git", "-C", str(root), "archive", "--format=tar", f"{revision}^{{tree}}"]
        done = subprocess.run(archive, capture_output=True, check=False)
        if done.returncode:
            error = done.stderr.decode(errors="replace").strip()
            raise WrongUse(f"{revision} is not a revision of a git repository in {root}: {error}")
        subprocess.run(["tar", "-x", "-C", scratch], input=done.stdout, check=True)
        # use the tools of this working tree, so that both manifests are built in the same way
        if (root / ".tools").exists():
            (Path(scratch) / ".tools").symlink_to(root / ".tools")
        _check_revision(Path(scratch), revision)
        project_build.restore_or_build(Path(scratch))
        return manifest.read(Path(scratch) / manifest.MANIFEST_PATH)


def _check_revision(root: Path, revision: str) -> None:
    pyproject = root / "pyproject.toml"
    lock = lockfile.of_project(root, toml_files.read_toml(pyproject)).name if pyproject.exists() else ""
    for name in (pyproject.name, lock):
        if not (root / name).exists():
            raise WrongUse(f"revision {revision} has no {name}; name one that has layers to compare with")
