"""The folder `.rehearsal/` in the project's root, which holds all state of its rehearsals."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from rehearsal.aws import Endpoint
from rehearsal.engine.state import journal
from rehearsal.errors import WrongUse
from rehearsal.host.atomic_write import write_json
from rehearsal.host.procfs import start_ticks
from rehearsal.host.removal import remove_in_background
from rehearsal.workspace import build_area

KEPT_FAILURES = 2


@dataclass(frozen=True)
class Server:
    """The record of a running embedded AWS. secret: the secret key of its accounts' root users.

    born: when its process started, in clock ticks, to identify it across PID reuse. folder: the inode of the workspace
    that the record was written in, so that a copied workspace has no server. detached: whether it runs until `down`.
    proxy: the URL of the proxy that routes AWS's host names to it.
    """

    pid: int
    endpoint: str
    iam: bool = False
    ca: str | None = None
    secret: str = ""
    born: int | None = None
    folder: int | None = None
    detached: bool = False
    proxy: str = ""

    def to_endpoint(self) -> Endpoint:
        return Endpoint(self.endpoint, self.iam, Path(self.ca) if self.ca else None, self.secret, self.proxy)


@dataclass(frozen=True)
class Workspace:
    """The folders of one project's rehearsals."""

    root: Path

    @property
    def home(self) -> Path:
        return self.root / ".rehearsal"

    @property
    def private(self) -> Path:
        """The folder that is hidden from builds and functions: the root users' secret, the TLS key and AWS's state."""
        return self.home / "private"

    @property
    def aws(self) -> Path:
        """The embedded AWS's temporary files, and deployed assemblies."""
        return self.home / "aws"

    @property
    def build_image(self) -> Path:
        return self.home / "build-image"

    @property
    def executions(self) -> Path:
        return self.home / "executions"

    @property
    def remote(self) -> Path:
        """The bare repository that replaces the one of the source action's connection."""
        return self.home / "remote.git"

    @property
    def sources(self) -> Path:
        """The folder of the bare repositories for `sources` in rehearsal.toml."""
        return self.home / "sources"

    @property
    def caches(self) -> Path:
        return (self.home / build_area.CACHE).resolve()

    @property
    def shared_caches(self) -> Path:
        """The folder of the caches that all projects share."""
        return build_area.shared_folder(self.builds.parent)

    @property
    def builds(self) -> Path:
        """The work folders of builds, in the build area outside the project."""
        return (self.home / build_area.BUILDS).resolve()

    @property
    def node_sdk(self) -> Path:
        """The AWS SDK for JavaScript, which Lambda's Node.js runtimes include."""
        return self.caches / "aws-sdk"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def cold_starts(self) -> Path:
        """The cold starts of functions since the embedded AWS started."""
        return self.logs / "cold-starts.jsonl"

    @property
    def not_emulated(self) -> Path:
        """What was not emulated in the last run."""
        return self.logs / "not-emulated.json"

    @property
    def clock(self) -> Path:
        """The setting of the rehearsal's clock, where it is not the default."""
        return self.home / "clock.json"

    @property
    def record(self) -> Path:
        return self.private / "server.json"

    @property
    def running(self) -> Path:
        """The embedded AWS's state while it runs."""
        return self.private / "running"

    @property
    def pipelines(self) -> Path:
        """The journals of pipelines; they are part of the embedded AWS's state, and saved or removed with it."""
        return self.running / "pipelines"

    @property
    def saved(self) -> Path:
        """The embedded AWS's state after its last clean end."""
        return self.private / "saved"

    @property
    def state(self) -> Path:
        """The embedded AWS's state: that of the running one, else the saved one."""
        return self.running if self.running.exists() else self.saved

    @property
    def pipeline_record(self) -> Path:
        """Which pipeline is deployed; missing before the first deployment."""
        return self.aws / "pipeline.json"

    @property
    def tls(self) -> Path:
        """The emulator's certificate, and the bundle of certificate authorities."""
        return self.home / "tls"

    @property
    def key(self) -> Path:
        """The private key of the emulator's certificate."""
        return self.private / "server.key"

    @property
    def decisions(self) -> Path:
        """The IAM decisions of the embedded AWS, as JSON lines."""
        return self.home / "decisions.jsonl"

    def secret(self) -> str:
        """Return the secret key of every root user; created once, so that exports in a user's shell stay valid."""
        path = self.private / "secret"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(30))
        return path.read_text()

    def saved_address(self) -> str:
        """Return the URL of the embedded AWS whose state is saved; empty without a saved state."""
        try:
            return (self.saved / "address").read_text()
        except FileNotFoundError:
            return ""

    def make(self) -> None:
        """Create the folders, and connect the build area. Raises WrongUse."""
        for folder in (self.private, self.aws, self.executions, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
        self.private.chmod(0o700)
        (self.home / ".gitignore").write_text("*\n")
        build_area.connect(self.home)

    def execution(self, execution_id: str) -> Path:
        return self.executions / execution_id

    def journal(self, execution_id: str) -> Path:
        return self.execution(execution_id) / "journal.jsonl"

    def latest(self) -> str | None:
        """Return the id of the execution that was started last; None before the first one."""
        return next(iter(self.newest_first()), None)

    def remove_failed_work_folders(self) -> None:
        """Remove the work folders of failed actions, about 250 MB each, except those of the newest executions.

        Logs and journals stay.
        """
        for execution in self.newest_first()[KEPT_FAILURES:]:
            folders = [*_work_folders(self.execution(execution))]
            if folders and journal.has_ended(journal.read(self.journal(execution))):
                for path in folders:
                    path.unlink() if path.is_symlink() else shutil.rmtree(path, ignore_errors=True)
        remove_in_background(*build_area.unused(self.builds, self.executions))

    def newest_first(self) -> list[str]:
        """Return the ids of all executions that have a journal, the last started first."""
        started = {path.parent.name: _started(path) for path in self.executions.glob("*/journal.jsonl")}
        return sorted(started, key=lambda id_: started[id_], reverse=True)

    def server(self) -> Server | None:
        """Return the record of the running embedded AWS; None where none runs, or the record is damaged."""
        names = {field.name for field in fields(Server)}
        try:
            record = json.loads(self.record.read_text())
            server = Server(**{name: value for name, value in record.items() if name in names})
            born = start_ticks(server.pid)
        except (FileNotFoundError, ValueError, TypeError, AttributeError):
            return None
        is_here = server.folder == self.home.stat().st_ino
        return server if is_here and born is not None and born == server.born else None

    def write_server(self, server: Server) -> None:
        """Write the record, with the process's start time and this workspace's inode."""
        inode = self.home.stat().st_ino
        write_json(self.record, asdict(replace(server, born=start_ticks(server.pid), folder=inode)))


def find(start: Path) -> Workspace:
    """Return the workspace of the CDK project around `start`: the nearest parent with a cdk.json, else with a .git.

    Raises WrongUse where there is none.
    """
    for mark in ("cdk.json", ".git"):
        for folder in (start, *start.parents):
            if (folder / mark).exists():
                return Workspace(folder)
    raise WrongUse(
        f"no cdk.json in {start} or a folder above it, and no git repository; call this in the folder of a CDK project"
    )


def _work_folders(execution: Path) -> Iterator[Path]:
    """The work folders in an execution: below each attempt, or each action where the journal has version 1."""
    for action in execution.glob("*/*/"):
        attempts = [folder for folder in action.iterdir() if folder.name.isdecimal()]
        for attempt in attempts or [action]:
            yield from attempt.glob("*/")


def _started(journal: Path) -> float:
    """When the execution started, in seconds since 1970; without a first event, when its folder changed last."""
    with journal.open(encoding="utf-8", errors="replace") as file:
        try:
            return float(json.loads(file.readline())["at"])
        except (ValueError, KeyError, TypeError):
            return journal.parent.stat().st_mtime
