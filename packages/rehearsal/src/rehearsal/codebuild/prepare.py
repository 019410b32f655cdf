"""The second part of CodeBuild's phase DOWNLOAD_SOURCE: buildspec, variables and runtimes."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rehearsal.bundling.docker_program import bundling_variables, notes_file
from rehearsal.codebuild import buildspec, builtin_variables, environment, images, runtimes
from rehearsal.codebuild.aws_cli import provide_aws_cli
from rehearsal.codebuild.build_log import BuildLog
from rehearsal.codebuild.buildspec import Buildspec, UnsupportedFeature
from rehearsal.codebuild.cache_keys import provide_hash_files
from rehearsal.codebuild.environment import PLACEHOLDER, Lookup, Variables
from rehearsal.codebuild.model import Build, BuildFolders


@dataclass(frozen=True)
class Prepared:
    """The buildspec, the environment of its first command, and the shell that runs its commands."""

    spec: Buildspec
    variables: Variables
    env: Mapping[str, str]
    shell: tuple[str, ...]


def prepare(
    build: Build, place: BuildFolders, credentials: Mapping[str, str], log: BuildLog, lookup: Lookup
) -> Prepared:
    """Read the buildspec, its variables and its runtimes.

    Raises UnsupportedFeature, and InvalidBuildspec, UnknownValue and RuntimeNotFound, which fail the build.
    """
    log.say("Phase is DOWNLOAD_SOURCE")
    spec = buildspec.load(build.buildspec, place.source)
    _refuse_other_users(spec)
    _report_unknown_keys(spec, log)
    for name in spec.empty:
        log.say(f"No commands found for phase name: {name}")
    for note in (*spec.notes, *images.notes(build.image, spec.phases.install.runtime_versions, spec.env.shell)):
        log.note(note)
    for key in _ignored_settings(spec):
        log.note(f"{key} has no effect here")
    variables = environment.resolve(spec.env, build.variables, build.overrides, lookup)
    log.hide(variables.secrets)
    if placeholders := [name for name, value in variables.values.items() if PLACEHOLDER in value]:
        log.note(f"{', '.join(placeholders)}: the value is a placeholder, which the rehearsal has created")
    env = {
        **builtin_variables.image_variables(place),
        **credentials,
        **builtin_variables.build_variables(build, place.sources),
        **variables.values,
    }
    _keep_host_names(env, credentials, log)
    versions = spec.phases.install.runtime_versions
    installed = runtimes.install(
        {name: version for name, version in versions.items() if name not in images.WITHOUT_EFFECT},
        env,
        place.folder,
        build.image,
        place.caches / "runtimes",
    )
    for runtime in installed.wanted:
        log.say(f"Selecting '{runtime.name}' runtime version '{runtime.version}' based on manual selections...")
    provide_hash_files(installed.path[0])
    if installed.missing:
        log.note(f"the image has Python {installed.missing}, this machine has not: {installed.python.version}")
    env = {**bundling_variables(place.folder, installed.path[0], privileged=build.privileged), **env}
    provide_aws_cli(installed.path[0], place.caches / "runtimes", notes_file(place.folder), env["PATH"])
    if "PATH" not in variables.values:
        env["PATH"] = os.pathsep.join([*map(str, installed.path), env["PATH"]])
    return Prepared(spec, variables, env, images.shell_command(spec.env.shell, build.image))


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


def _keep_host_names(env: dict[str, str], credentials: Mapping[str, str], log: BuildLog) -> None:
    """Override proxy variables and NODE_OPTIONS of the build, so that AWS's host names reach the embedded AWS."""
    options = env.get("NODE_OPTIONS", "")
    for name in (name for name in credentials if name.lower().endswith("_proxy")):
        if env[name] != credentials[name]:
            log.note(f"{name} has no effect here: what is not AWS is reached as this machine reaches it")
        env[name] = credentials[name]
    if preload := credentials.get("NODE_OPTIONS"):
        env["NODE_OPTIONS"] = preload if options == preload else f"{preload} {options}"


def _ignored_settings(spec: Buildspec) -> Iterator[str]:
    """Yield the buildspec's keys that have no effect here."""
    if spec.env.git_credential_helper:
        yield "env.git-credential-helper"
    for name in spec.phases.install.runtime_versions:
        if name in images.WITHOUT_EFFECT:
            yield f"runtime-versions.{name}"
    for key, wanted in (("upload-artifacts", spec.proxy.upload_artifacts), ("logs", spec.proxy.logs)):
        if wanted:
            yield f"proxy.{key}"


def _refuse_other_users(spec: Buildspec) -> None:
    """Raise UnsupportedFeature where run-as names another user than the one that runs the rehearsal."""
    me = pwd.getpwuid(os.getuid()).pw_name
    users = {"run-as": spec.run_as} | {
        f"phases.{name}.run-as": getattr(spec.phases, name).run_as for name in type(spec.phases).model_fields
    }
    for key, user in users.items():
        if user and user != me:
            raise UnsupportedFeature(
                f"{key}: got {user}; a rehearsal's commands run as {me}, who started it: take it out, or be {user}"
            )
