"""One build, from its buildspec to its artifacts."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rehearsal.bundling.docker_program import read_notes
from rehearsal.codebuild import artifacts, environment, reports
from rehearsal.codebuild.artifacts import ArtifactNotFound
from rehearsal.codebuild.build_image import choose_machine
from rehearsal.codebuild.build_log import BuildLog
from rehearsal.codebuild.buildspec import InvalidBuildspec
from rehearsal.codebuild.cache_keys import select_caches
from rehearsal.codebuild.caches import link_notes, restored_caches
from rehearsal.codebuild.environment import UnknownValue
from rehearsal.codebuild.machine import Machine
from rehearsal.codebuild.model import Build, BuildFolders, BuildResult, PhaseResult, store
from rehearsal.codebuild.phases import Limits, PhasesResult, run_phases
from rehearsal.codebuild.prepare import Prepared, prepare
from rehearsal.codebuild.role_session import RoleSession
from rehearsal.codebuild.runtimes import RuntimeNotFound
from rehearsal.codebuild.shell import COMMAND, SCRIPT, Shell
from rehearsal.host.cancellation import Cancellation
from rehearsal.host.removal import remove_in_background

# The path of a command's script in CodeBuild's logs.
_SCRIPT = "/codebuild/output/tmp/script.sh"

# CodeBuild's sentence, quoted in github.com/aws/aws-cdk issue 12179; pull request 12213 says that such builds fail.
_LOG_DENIED = (
    "Service role does not allow AWS CodeBuild to create Amazon CloudWatch Logs log streams for build {}."
    " Error message: {}"
)


def run_build(
    build: Build, folders: BuildFolders, role: RoleSession, *, log: BuildLog, stop: Cancellation, image: str = ""
) -> BuildResult:
    """Run one build to its end; a failure is a result, not an error.

    image: the image to run in, OF_PROJECT for the project's, or empty for this machine's tools.
    Raises UnsupportedFeature for features that are not rehearsed.
    """
    folders.folder.mkdir(parents=True)
    began = time.monotonic()
    limits = Limits(began + build.timeout_minutes * 60, stop)
    log.hide(role.variables.get(name, "") for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"))
    with _temporary_folder(folders) as build_folders:
        machine = choose_machine(build, build_folders, image, role, log)
        log.say(f"CODEBUILD_SRC_DIR={machine.sources['']}")
        for name in (COMMAND, SCRIPT):
            log.rename(str(machine.state / name), _SCRIPT)
        try:
            prepared = prepare(build, build_folders, role, machine, log)
        except (InvalidBuildspec, RuntimeNotFound) as error:
            return _preparation_failure("YAML_FILE_ERROR", str(error), began, log)
        except UnknownValue as error:
            return _preparation_failure(error.code, str(error), began, log)
        if denial := log.denial():
            return _preparation_failure("ACCESS_DENIED", _LOG_DENIED.format(build.arn, denial), began, log)
        downloaded = PhaseResult("DOWNLOAD_SOURCE", "SUCCEEDED", time.monotonic() - began)
        log.phase(downloaded)
        result = _run_with_retries(_Run(build, build_folders, machine, prepared, log, limits))
        for note in read_notes(folders.folder):
            log.note(note)
    return replace(result, phases=(downloaded, *result.phases))


def _preparation_failure(code: str, message: str, began: float, log: BuildLog) -> BuildResult:
    failed = PhaseResult("DOWNLOAD_SOURCE", "FAILED", time.monotonic() - began, code, log.masked(message))
    log.phase(failed)
    return BuildResult("FAILED", f"DOWNLOAD_SOURCE: {code}: {failed.message}", (failed,))


@dataclass(frozen=True)
class _Run:
    """A build that is ready to run."""

    build: Build
    folders: BuildFolders
    machine: Machine
    prepared: Prepared
    log: BuildLog
    limits: Limits


def _run_with_retries(run: _Run) -> BuildResult:
    """Run the build, and retry it where `on-failure` says so, each time from the original sources."""
    phases = run.prepared.spec.phases
    on_failure = (getattr(phases, name).on_failure for name in type(phases).model_fields)
    sources = _SourceCopies(run.folders, needed=any(setting and setting.action == "RETRY" for setting in on_failure))
    retries = 0
    while True:
        result, allowed = _run_once(run)
        if allowed is None or retries >= allowed:
            return replace(result, retries=retries)
        retries += 1
        run.log.say(f"Retrying the build, {retries} of {allowed}")
        sources.restore()


def _run_once(run: _Run) -> tuple[BuildResult, int | None]:
    """Run the build once; return its result and the number of allowed retries, None where it must not be retried."""
    prepared, spec, machine, log = run.prepared, run.prepared.spec, run.machine, run.log
    with _cache(run) as cached:
        with _state(run.folders) as state, machine.processes(log.line, cached) as processes:
            shell = Shell(
                processes,
                program=prepared.shell,
                state=state,
                seen=machine.state,
                env=prepared.env,
                directory=machine.sources[""],
            )
            phases_result = run_phases(spec, shell, log, run.limits)
            values = shell.values() if phases_result.phases[-1].status in {"SUCCEEDED", "FAILED"} else {}
        result = _finish(run, phases_result, machine.readable(values))
    exported = environment.exported(spec.env.exported_variables, prepared.variables.unexported, values)
    return replace(result, exported=exported), phases_result.allowed_retries


def _finish(run: _Run, phases_result: PhasesResult, values: Mapping[str, str]) -> BuildResult:
    """Collect the artifacts unless the build was aborted, and derive its status from all phases.

    A stopped or timed-out phase decides over a failed one.
    """
    uploaded = _upload(run, values) if phases_result.uploads else BuildResult("SUCCEEDED")
    phases = (*phases_result.phases, *uploaded.phases)
    unsuccessful = [phase for phase in phases if phase.status != "SUCCEEDED"]
    interrupted = [phase for phase in unsuccessful if phase.status != "FAILED"]
    for decisive in (*interrupted, *unsuccessful):
        return replace(uploaded, status=decisive.status, message=f"{decisive.name}: {decisive.message}", phases=phases)
    return replace(uploaded, phases=phases)


def _upload(run: _Run, values: Mapping[str, str]) -> BuildResult:
    """Run the phase UPLOAD_ARTIFACTS without the upload: read the reports, and zip the artifacts."""
    began, folders, spec, log, reach = time.monotonic(), run.folders, run.prepared.spec, run.log, run.machine.reach
    log.say("Entering phase UPLOAD_ARTIFACTS")
    read = reports.collect(
        spec.reports, source=folders.source, env=values, keep=folders.folder / "reports", log=log, reach=reach
    )
    zips: dict[str, Path] = {}
    phase = PhaseResult("UPLOAD_ARTIFACTS", "SUCCEEDED", 0)
    try:
        if spec.artifacts:
            zips = artifacts.collect(
                spec.artifacts, source=folders.source, env=values, folder=folders.folder, log=log, reach=reach
            )
    except ArtifactNotFound as error:
        phase = replace(phase, status="FAILED", code="CLIENT_ERROR", message=str(error))
    phase = replace(phase, seconds=time.monotonic() - began)
    log.phase(phase)
    return BuildResult(phase.status, phases=(phase,), artifacts=zips, reports=read)


def _cache(run: _Run) -> contextlib.AbstractContextManager[Sequence[Path]]:
    build, folders, machine, cache = run.build, run.folders, run.machine, run.prepared.spec.cache
    if not build.cached:
        return contextlib.nullcontext(())
    if build.cache_links:
        for note in link_notes(cache):
            run.log.note(note)
    folder = store(folders.caches, build.account, build.region, build.project)
    caches = select_caches(
        cache, store=folder, env=run.prepared.env, source=machine.sources[""], processes=machine.processes
    )
    return restored_caches(cache, caches, source=folders.source, home=folders.home, log=run.log)


@contextlib.contextmanager
def _temporary_folder(folders: BuildFolders) -> Iterator[BuildFolders]:
    """Create a folder for TMPDIR outside the build's folder: paths of sockets have at most 108 bytes."""
    folder = Path(tempfile.mkdtemp(prefix=folders.tmpdir_prefix, dir=folders.temporary))
    try:
        yield replace(folders, temporary=folder)
    finally:
        remove_in_background(folder)


@contextlib.contextmanager
def _state(folders: BuildFolders) -> Iterator[Path]:
    """The shell's folder, which is removed at the end because it contains secrets."""
    try:
        yield folders.state
    finally:
        shutil.rmtree(folders.state, ignore_errors=True)


class _SourceCopies:
    """Copies of the sources, which a retry starts from; none where no phase can be retried."""

    def __init__(self, folders: BuildFolders, *, needed: bool) -> None:
        self._copies = {}
        if needed:
            for name, source in folders.sources.items():
                copy = folders.folder / "sources" / (name or "primary")
                shutil.copytree(source, copy, symlinks=True)
                self._copies[source] = copy

    def restore(self) -> None:
        for source, copy in self._copies.items():
            shutil.rmtree(source)
            shutil.copytree(copy, source, symlinks=True)
