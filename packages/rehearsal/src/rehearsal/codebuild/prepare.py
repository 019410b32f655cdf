"""The second part of CodeBuild's phase DOWNLOAD_SOURCE: buildspec, variables and runtimes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rehearsal.codebuild import buildspec, builtin_variables, environment, images
from rehearsal.codebuild.build_log import BuildLog
from rehearsal.codebuild.buildspec import Buildspec, UnsupportedFeature
from rehearsal.codebuild.environment import PLACEHOLDER, Variables
from rehearsal.codebuild.machine import Machine
from rehearsal.codebuild.model import Build, BuildFolders
from rehearsal.codebuild.role_session import RoleSession


@dataclass(frozen=True)
class Prepared:
    """The buildspec, the environment of its first command, and the shell that runs its commands.

    first_commands: those in front of the buildspec's, which select the runtimes of an image.
    """

    spec: Buildspec
    variables: Variables
    env: Mapping[str, str]
    shell: tuple[str, ...]
    first_commands: tuple[str, ...]


def prepare(build: Build, folders: BuildFolders, role: RoleSession, machine: Machine, log: BuildLog) -> Prepared:
    """Read the buildspec, its variables and its runtimes.

    Raises UnsupportedFeature, and InvalidBuildspec, UnknownValue and RuntimeNotFound, which fail the build.
    """
    log.say("Phase is DOWNLOAD_SOURCE")
    spec = buildspec.load(build.buildspec, folders.source)
    _refuse_other_users(spec, machine.user)
    _report_differences(spec, build, log)
    variables = environment.resolve(spec.env, build.variables, build.overrides, role.lookup)
    log.hide(variables.secrets)
    if placeholders := [name for name, value in variables.values.items() if PLACEHOLDER in value]:
        log.note(f"{', '.join(placeholders)}: the value is a placeholder, which the rehearsal has created")
    aws_variables = machine.visible(role.variables)
    env = {
        **machine.variables(),
        **aws_variables,
        **builtin_variables.build_variables(build, machine.sources),
        **variables.values,
    }
    _keep_host_names(env, aws_variables, log)
    equipped = machine.equip(spec, env, log)
    path = variables.values.get("PATH") or equipped.variables["PATH"]
    spec = spec.preceded_by(equipped.commands)
    env = {**equipped.variables, "PATH": path}
    return Prepared(spec, variables, env, machine.shell(spec.env.shell), equipped.commands)


def _report_differences(spec: Buildspec, build: Build, log: BuildLog) -> None:
    """Write what CodeBuild reports about the buildspec, and notes on what has no effect here."""
    _report_unknown_keys(spec, log)
    for name in spec.empty:
        log.say(f"No commands found for phase name: {name}")
    for note in spec.notes:
        log.note(note)
    if build.vpc:
        log.note(f"the network is this machine's, not that of {build.vpc}")
    for key in _ignored_settings(spec):
        log.note(f"{key} has no effect here")


def _report_unknown_keys(spec: Buildspec, log: BuildLog) -> None:
    """Report unknown keys as CodeBuild's agent does. Source: github.com/aws/aws-toolkit-vscode pull request 4008."""
    for number, (phase, keys) in enumerate(spec.unknown_keys.items()):
        if number == 0:
            log.say("Found possible syntax errors in buildspec:")
        log.say(f"In the section {phase.upper()}")
        log.say("    The following keys cannot be identified:")
        for key in keys:
            log.say(f"        {key}")
        log.note(f"the buildspec's phase {phase} has keys that CodeBuild ignores: {', '.join(keys)}")


def _keep_host_names(env: dict[str, str], aws_variables: Mapping[str, str], log: BuildLog) -> None:
    """Override proxy variables and NODE_OPTIONS of the build, so that AWS's host names reach the embedded AWS."""
    options = env.get("NODE_OPTIONS", "")
    for name in (name for name in aws_variables if name.lower().endswith("_proxy")):
        if env[name] != aws_variables[name]:
            log.note(f"{name} has no effect here: what is not AWS is reached as this machine reaches it")
        env[name] = aws_variables[name]
    if preload := aws_variables.get("NODE_OPTIONS"):
        env["NODE_OPTIONS"] = preload if options == preload else f"{preload} {options}"


def _ignored_settings(spec: Buildspec) -> Iterator[str]:
    """Yield the buildspec's keys that have no effect here."""
    if spec.env.git_credential_helper:
        yield "env.git-credential-helper"
    for name in spec.phases.install.runtime_versions:
        if name in images.WITHOUT_EFFECT:
            yield f"runtime-versions.{name}"
    for key, is_set in (("upload-artifacts", spec.proxy.upload_artifacts), ("logs", spec.proxy.logs)):
        if is_set:
            yield f"proxy.{key}"


def _refuse_other_users(spec: Buildspec, me: str) -> None:
    """Raise UnsupportedFeature where run-as names another user than `me`, who runs the commands."""
    users = {"run-as": spec.run_as} | {
        f"phases.{name}.run-as": getattr(spec.phases, name).run_as for name in type(spec.phases).model_fields
    }
    for key, user in users.items():
        if user and user != me:
            raise UnsupportedFeature(
                f"{key}: got {user}; a rehearsal's commands run as {me}: take it out, or be {user}"
            )
