"""`sam build` of a layer, from requirements that Poetry exports."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from bench.builders.builder import BuildFolders, Invalidation, base_path, export, run

_TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Dependencies:
    Type: AWS::Serverless::LayerVersion
    Properties:
      ContentUri: layer
      CompatibleRuntimes: [python3.13]
    Metadata:
      BuildMethod: python3.13
      BuildArchitecture: x86_64
"""


class Sam:
    """aws-sam-cli with its build cache; `sam package` zips, which is not counted."""

    name = "sam build --cached"
    version = "1.170.0"
    complete = False

    def prepare(self, tool: Path) -> None:
        """Install a pinned aws-sam-cli into a separate environment."""
        run([sys.executable, "-m", "venv", str(tool)], tool, PATH=base_path())
        pip = [str(tool / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        run([*pip, f"aws-sam-cli=={self.version}"], tool)

    def invalidate(self, folders: BuildFolders, invalidation: Invalidation) -> None:
        """Remove its cache, which has the whole layer."""
        if invalidation == "all":
            folders.clear()
        if invalidation != "nothing":
            shutil.rmtree(folders.project / ".aws-sam", ignore_errors=True)

    def build(self, folders: BuildFolders) -> None:
        """Export, then build."""
        (folders.project / "template.yaml").write_text(_TEMPLATE)
        (folders.project / "layer").mkdir(exist_ok=True)
        (folders.project / "layer" / "requirements.txt").write_text(export(folders))
        command = [str(folders.tool / "bin" / "sam"), "build", "--cached", "--template", "template.yaml"]
        run(command, folders.project, folders, PATH=base_path(), SAM_CLI_TELEMETRY="0", AWS_DEFAULT_REGION="eu-west-1")

    def built_artifacts(self, folders: BuildFolders) -> list[Path]:
        """Return the folder of the layer."""
        return [folders.project / ".aws-sam" / "build" / "Dependencies"]
