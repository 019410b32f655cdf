"""Rehearse one public pipeline: clone, prepare, run, and run once more with the `--accept` of the first message."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.builders.builder import ROOT
from bench.pipelines.first_deployment import CONFIGURATION, FirstDeployment

LIMIT_SECONDS = 15 * 60
PREPARE_SECONDS = 10 * 60
# Types and providers. A runtime such as nodejs14.x is not accepted: AWS refuses its functions in a new account.
_ACCEPT = re.compile(r"--accept ([A-Z][\w:/]+)")
_ERROR = re.compile(r"(?i)\bfailed:|^(rehears\w+|error|.*Error):|✘|cannot|refused")
# The cause at the end of a red run: `Stage/Action failed: MESSAGE`.
_CAUSE = re.compile(r"[^\s/]+/\S+ failed: ")
_NOISE = re.compile(r"^\s*(the whole log|The whole log|journal|log):|^\s*$")


@dataclass(frozen=True)
class Pipeline:
    """A line of pipelines.tsv."""

    repository: str
    commit: str
    folder: str = "."
    deploy: FirstDeployment = field(default_factory=FirstDeployment)


@dataclass(frozen=True)
class Attempt:
    """The result. status: Succeeded, Failed, Stopped, or `not started`; error: the first one, in one line."""

    pipeline: Pipeline
    status: str
    executed: int = 0
    declared: int = 0
    seconds: float = 0.0
    accepted: tuple[str, ...] = ()
    error: str = ""


def attempt(pipeline: Pipeline, clones: str, scratch: Path, *, limit: float = LIMIT_SECONDS) -> Attempt:
    """Rehearse a pipeline, and return the result. limit: the seconds that each of at most two runs may take.

    clones: a folder with repositories named owner+name, or the URL that `owner/name` is appended to.
    """
    folder = scratch / pipeline.repository.replace("/", "+")
    try:
        _clone(pipeline, clones, folder)
        app = folder / pipeline.folder
        environment = {**prepare(app), **pipeline.deploy.variables}
        pipeline.deploy.write_settings(app)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        return Attempt(pipeline, "not prepared", error=first_error(_output(error) or str(error)))
    result = _run(pipeline, app, environment, limit, ())
    accepted = tuple(dict.fromkeys(_ACCEPT.findall(result.error)))
    if result.status != "Succeeded" and accepted:
        result = _run(pipeline, app, environment, limit, accepted)
    return result if result.declared else replace(result, declared=_declared(app, environment))


def prepare(app: Path) -> Mapping[str, str]:
    """Install what the app's own files name, and nothing else; return the environment variables of its rehearsal.

    npm's packages are next to the app, Python's into a `.venv` there: a rehearsal looks for commands in both.
    """
    tools = [str(Path(sys.executable).parent), str(ROOT / ".tools" / "bin"), str(ROOT / "node_modules" / ".bin")]
    environment = {**os.environ, "PATH": os.pathsep.join([os.environ.get("PATH", os.defpath), *tools])}
    environment = {name: value for name, value in environment.items() if not name.startswith(("AWS_", "VIRTUAL_ENV"))}
    if (app / "package-lock.json").exists():
        _install(["npm", "ci", "--no-audit", "--no-fund"], app, environment)
    elif (app / "package.json").exists():
        _install(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"], app, environment)
    if requirements := requirement_files(app):
        _install([sys.executable, "-m", "venv", ".venv"], app, environment)
        options = [word for path in requirements for word in ("-r", str(path))]
        _install([".venv/bin/pip", "install", "--quiet", *options], app, environment)
        environment["PATH"] = os.pathsep.join([str(app / ".venv" / "bin"), environment["PATH"]])
    _exclude(app, "node_modules", ".venv", "cdk.out", ".rehearsal", CONFIGURATION)
    return environment


def requirement_files(app: Path) -> list[Path]:
    """Return the app's requirements.txt, and where it names no CDK the first other file of requirements that does."""
    top = [path for path in [app / "requirements.txt"] if path.exists()]
    others = [path for pattern in ("requirements*.txt", "*/requirements*.txt") for path in sorted(app.glob(pattern))]
    cdk = [path for path in (*top, *others) if "aws-cdk-lib" in path.read_text()]
    return list(dict.fromkeys([*top, *cdk[:1]]))


def first_error(output: str) -> str:
    """Return the first line of an error, or else the last line, with every --accept of the output."""
    lines = [line.strip() for line in output.splitlines() if not _NOISE.match(line)]
    causes = [line for line in lines if _CAUSE.match(line)]
    errors = causes or [line for line in lines if _ERROR.search(line)]
    line = (errors or lines[-1:] or [""])[0]
    accepts = [f"--accept {name}" for name in dict.fromkeys(_ACCEPT.findall(output)) if name not in line]
    return " ".join([line[:300], *accepts])


def _clone(pipeline: Pipeline, clones: str, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    local = Path(clones) / pipeline.repository.replace("/", "+")
    source = str(local) if local.is_dir() else f"{clones.rstrip('/')}/{pipeline.repository}"
    for words in (
        ["git", "clone", "--quiet", source, str(folder)],
        ["git", "-C", str(folder), "checkout", "--quiet", "-B", "main", pipeline.commit],
    ):
        subprocess.run(words, check=True, capture_output=True, text=True, timeout=PREPARE_SECONDS)


def _install(words: Sequence[str], app: Path, environment: Mapping[str, str]) -> None:
    subprocess.run(words, cwd=app, env=environment, check=True, capture_output=True, text=True, timeout=PREPARE_SECONDS)


def _exclude(app: Path, *names: str) -> None:
    """Exclude installed packages from the push, also where the project's .gitignore does not."""
    top = subprocess.run(["git", "rev-parse", "--git-dir"], cwd=app, check=True, capture_output=True, text=True)
    exclude = (app / top.stdout.strip()) / "info" / "exclude"
    exclude.parent.mkdir(exist_ok=True)
    exclude.write_text("".join(f"{name}\n" for name in names))


def _run(
    pipeline: Pipeline, app: Path, environment: Mapping[str, str], limit: float, accepted: tuple[str, ...]
) -> Attempt:
    result = app / ".rehearsal" / "result.json"
    result.unlink(missing_ok=True)
    options = [word for name in accepted for word in ("--accept", name)]
    began = time.monotonic()
    words = ["run", "--approve", "--json", str(result), *pipeline.deploy.options, *options]
    output = _rehearse(words, app, environment, limit)
    seconds = time.monotonic() - began
    if not result.exists():
        late = f"no end after {limit:.0f} s; " if seconds >= limit else ""
        error = late + first_error(output)
        return Attempt(pipeline, "not started", seconds=seconds, accepted=accepted, error=error)
    result_json = json.loads(result.read_text())
    statuses = [action["status"] for stage in result_json["stages"] for action in stage["actions"]]
    executed = statuses.count("Succeeded")
    error = "" if result_json["status"] == "Succeeded" else first_error(output)
    return Attempt(pipeline, result_json["status"], executed, len(statuses), seconds, accepted, error)


def _rehearse(words: Sequence[str], app: Path, environment: Mapping[str, str], limit: float) -> str:
    """Return everything that the command printed; it is interrupted, as by Ctrl+C, after `limit` seconds."""
    log = app / ".rehearsal" / "attempt.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("a+") as file:
        start = file.tell()
        command = [sys.executable, "-m", "rehearsal", *words]
        process = subprocess.Popen(command, cwd=app, env=environment, stdout=file, stderr=subprocess.STDOUT)
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            process.wait()
        file.seek(start)
        return file.read()


def _declared(app: Path, environment: Mapping[str, str]) -> int:
    """Return how many actions the deployed definition has; 0 where no pipeline was deployed."""
    listed = app / ".rehearsal" / "list.json"
    listed.unlink(missing_ok=True)
    _rehearse(["run", "--list", "--json", str(listed)], app, environment, 120)
    if not listed.exists():
        return 0
    return sum(len(stage["actions"]) for stage in json.loads(listed.read_text())["stages"])


def _output(error: subprocess.SubprocessError) -> str:
    return str(getattr(error, "stderr", "") or "") + str(getattr(error, "stdout", "") or "")
