"""`serverless package` with the plugin serverless-python-requirements, from requirements that Poetry exports."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from bench.builders.builder import ROOT, BuildFolders, Invalidation, base_path, export, run

_FRAMEWORK = "3.40.0"


class Serverless:
    """The plugin of Serverless Framework 3, the last that runs without an account; it zips as well."""

    name = "serverless-python-requirements"
    version = "6.1.2"
    complete = False

    def prepare(self, tool: Path) -> None:
        """Install the pinned framework and plugin."""
        (tool / "package.json").write_text('{"private": true}')
        packages = [f"serverless@{_FRAMEWORK}", f"serverless-python-requirements@{self.version}"]
        run([_npm(), "install", "--silent", "--no-fund", "--no-audit", *packages], tool, PATH=_path())

    def invalidate(self, folders: BuildFolders, invalidation: Invalidation) -> None:
        """Remove its static cache, which has all requirements; its download cache is pip's."""
        if invalidation == "all":
            folders.clear()
        if invalidation in {"built", "one"}:
            for static_cache in (folders.caches / "serverless").glob("*_slspyc"):
                shutil.rmtree(static_cache)
        if invalidation != "nothing":
            shutil.rmtree(folders.project / ".serverless", ignore_errors=True)

    def build(self, folders: BuildFolders) -> None:
        """Run `serverless package`."""
        modules = folders.project / "node_modules"
        if not modules.exists():
            modules.symlink_to(folders.tool / "node_modules")
        (folders.project / "requirements.txt").write_text(export(folders))
        (folders.project / "serverless.json").write_text(json.dumps(_service(folders)))
        settings = {"SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off", "AWS_ACCESS_KEY_ID": "none"}
        settings |= {"AWS_SECRET_ACCESS_KEY": "none", "PATH": _path()}
        run([str(modules / ".bin" / "serverless"), "package"], folders.project, folders, **settings)

    def built_artifacts(self, folders: BuildFolders) -> list[Path]:
        """Return the zip of the function, with its requirements."""
        return [folders.project / ".serverless" / f"{folders.slice.name}.zip"]


def _service(folders: BuildFolders) -> dict[str, object]:
    requirements = {
        "usePoetry": False,  # it recognizes Poetry by the build-system, and a project of functions has none
        "pythonBin": str(Path(sys.base_prefix) / "bin" / "python3"),
        "cacheLocation": str(folders.caches / "serverless"),
        "useStaticCache": True,
        "useDownloadCache": True,
    }
    # The last runtime that this framework's schema knows; pip runs on the interpreter that is named above.
    return {
        "service": folders.slice.name,
        "frameworkVersion": "3",
        "plugins": ["serverless-python-requirements"],
        "provider": {"name": "aws", "runtime": "python3.11"},
        "custom": {"pythonRequirements": requirements},
        # Into the function's zip: packaging a layer asks CloudFormation, so that it can't run without an account.
        "functions": {folders.slice.name: {"handler": "main.handler"}},
        "package": {"patterns": ["!**", "lambda/**"]},
    }


def _npm() -> str:
    return str(Path(sys.executable).parent / "npm")


def _path() -> str:
    tools = [str(ROOT / ".tools" / "bin"), str(Path(sys.executable).parent)]
    return os.pathsep.join([*tools, base_path()])
