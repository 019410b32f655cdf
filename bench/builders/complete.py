"""A peer with what this project's builder makes too: bytecode that Lambda accepts, a zip and a bill of materials."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.builders.builder import Builder, BuildFolders, Invalidation, run

# The tool of CycloneDX for Python projects; it reads the requirements that all recipes export.
_BILL_TOOL = "cyclonedx-bom==7.5.0"
# What `zip -r` does, with the compression that it has by default.
ZIP = """
import shutil, sys
shutil.make_archive(sys.argv[1].removesuffix(".zip"), "zip", sys.argv[2])
"""


class Complete:
    """A builder that leaves a folder, followed by the usual commands: compileall, zip, cyclonedx-py."""

    complete = True

    def __init__(self, peer: Builder, requirements: str) -> None:
        """`requirements` is the file that the peer installs, below the project's folder."""
        self._peer, self._requirements = peer, requirements
        self.name, self.version = f"{peer.name}, completed", peer.version

    def prepare(self, tool: Path) -> None:
        """Install the peer, and cyclonedx-py next to it."""
        self._peer.prepare(tool)
        run([sys.executable, "-m", "venv", str(tool / "bill")], tool)
        run([str(tool / "bill" / "bin" / "python"), "-m", "pip", "install", "--quiet", _BILL_TOOL], tool)

    def invalidate(self, folders: BuildFolders, invalidation: Invalidation) -> None:
        """Invalidate the peer's build; the rest is added by each build."""
        self._peer.invalidate(folders, invalidation)

    def build(self, folders: BuildFolders) -> None:
        """Build as the peer does, then add the rest."""
        self._peer.build(folders)
        (folder,) = self._peer.built_artifacts(folders)
        compiled = [sys.executable, "-m", "compileall", "-q", "-f", "-j", "0", "--invalidation-mode", "unchecked-hash"]
        # the command fails for each module that is not Python of this version, such as a template
        run(["sh", "-c", '"$@" || true', "sh", *compiled, str(folder)], folders.project, folders)
        run([sys.executable, "-c", ZIP, "layer.zip", str(folder)], folders.project, folders)
        bill = [str(folders.tool / "bill" / "bin" / "cyclonedx-py"), "requirements", "--output-file", "sbom.json"]
        run([*bill, self._requirements], folders.project, folders)

    def built_artifacts(self, folders: BuildFolders) -> list[Path]:
        """Return the zip."""
        return [folders.project / "layer.zip"]
