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
        """Framework and plugin, pinned."""
        (tool / "package.json").write_text('{"private": true}')
        packages = [f"serverless@{_FRAMEWORK}", f"serverless-python-requirements@{self.version}"]
        run([_npm(), "install", "--silent", "--no-fund", "--no-audit", *packages], tool, PATH=_path())

    def invalidate(self, place: BuildFolders, gone: Invalidation) -> None:
        """Its static cache keeps the requirements as a whole, its download cache is pip's."""
        if gone == "all":
            place.clear()
        if gone in {"built", "one"}:
            for kept in (place.caches / "serverless").glob("*_slspyc"):
                shutil.rmtree(kept)
        if gone != "nothing":
            shutil.rmtree(place.project / ".serverless", ignore_errors=True)

    def build(self, place: BuildFolders) -> None:
        """`serverless package`."""
        modules = place.project / "node_modules"
        if not modules.exists():
            modules.symlink_to(place.tool / "node_modules")
        (place.project / "requirements.txt").write_text(export(place))
        (place.project / "serverless.json").write_text(json.dumps(_service(place)))
        settings = {"SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off", "AWS_ACCESS_KEY_ID": "none"}
        settings |= {"AWS_SECRET_ACCESS_KEY": "none", "PATH": _path()}
        run([str(modules / ".bin" / "serverless"), "package"], place.project, place, **settings)

    def built_artifacts(self, place: BuildFolders) -> list[Path]:
        """The zip of the function, with its requirements."""
        return [place.project / ".serverless" / f"{place.slice.name}.zip"]


def _service(place: BuildFolders) -> dict[str, object]:
    requirements = {
        "usePoetry": False,  # it recognizes Poetry by the build-system, and a project of functions has none
        "pythonBin": str(Path(sys.base_prefix) / "bin" / "python3"),
        "cacheLocation": str(place.caches / "serverless"),
        "useStaticCache": True,
        "useDownloadCache": True,
    }
    # The last runtime that this framework's schema knows; pip runs on the interpreter that is named above.
    return {
        "service": place.slice.name,
        "frameworkVersion": "3",
        "plugins": ["serverless-python-requirements"],
        "provider": {"name": "aws", "runtime": "python3.11"},
        "custom": {"pythonRequirements": requirements},
        # Into the function's zip: packaging a layer asks CloudFormation, so that it can't run without an account.
        "functions": {place.slice.name: {"handler": "main.handler"}},
        "package": {"patterns": ["!**", "lambda/**"]},
    }


def _npm() -> str:
    return str(Path(sys.executable).parent / "npm")


def _path() -> str:
    own = [str(ROOT / ".tools" / "bin"), str(Path(sys.executable).parent)]
    return os.pathsep.join([*own, base_path()])
