"""Builds in the project's build image, by Docker or podman.

Sources: AWS CodeBuild user guide, "Run builds locally with the AWS CodeBuild agent" (names of images), "Runtime
versions" (custom images have none); github.com/aws/aws-codebuild-docker-images issue 157 (no entrypoint).
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rehearsal.codebuild import image_runtimes
from rehearsal.codebuild.build_log import IN_IMAGE, BuildLog
from rehearsal.codebuild.buildspec import Buildspec, UnsupportedFeature
from rehearsal.codebuild.cache_keys import provide_hash_files
from rehearsal.codebuild.file_patterns import Reach, expand_variables
from rehearsal.codebuild.machine import Equipment, Machine, ThisMachine
from rehearsal.codebuild.model import Build, BuildFolders
from rehearsal.codebuild.role_session import RoleSession
from rehearsal.codebuild.shell import VARIABLES, write_variables
from rehearsal.host.container import Container, Mount
from rehearsal.host.container_engine import ContainerEngine, find_engine
from rehearsal.host.foreground_command import ForegroundCommand
from rehearsal.host.processes import Processes

# The value of --image and of rehearsal.toml that means the image of each project.
OF_PROJECT = "project"
_OUTPUT, _HOME = Path("/codebuild/output"), Path("/root")
_TOOLS, _CERTIFICATES = Path("/codebuild/readonly/bin"), Path("/codebuild/readonly/certificates")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CURATED, _PUBLIC = "aws/codebuild/", "public.ecr.aws/codebuild/"


def choose_machine(build: Build, folders: BuildFolders, setting: str, role: RoleSession, log: BuildLog) -> Machine:
    """Return where the build runs.

    setting: an image, OF_PROJECT, or empty for this machine's tools. Raises UnsupportedFeature where the image
    cannot be used.
    """
    name = build.image if setting == OF_PROJECT else setting
    if not name:
        return ThisMachine(build, folders)
    engine = require_engine(name)
    if build.privileged and engine.program != "docker":
        raise UnsupportedFeature(
            f"privileged mode: the project {build.project} has it, and in an image it needs Docker, which this machine"
            " has not: leave --image out, or turn privileged mode off"
        )
    bundle = role.variables.get("AWS_CA_BUNDLE")
    return BuildImage(build, folders, find_image(engine, name, log.say), Path(bundle).parent if bundle else None)


def require_engine(image: str) -> ContainerEngine:
    """Return this machine's engine. Raises UnsupportedFeature where it has none."""
    engine = find_engine()
    if engine is None:
        raise UnsupportedFeature(
            f"image: got {image}, which needs Docker's engine or podman, and this machine has neither: install one, or"
            " leave --image (rehearsal.toml: image) out, and builds use this machine's tools"
        )
    return engine


@dataclass(frozen=True)
class Image:
    """An image of this machine. variables: those that it sets."""

    engine: ContainerEngine
    name: str
    variables: Mapping[str, str]


def find_image(engine: ContainerEngine, image: str, tell: Callable[[str], None]) -> Image:
    """Return an image, which is downloaded where it is missing.

    tell: called before the download, which may take minutes. Raises UnsupportedFeature where it fails.
    """
    public = image.replace(_CURATED, _PUBLIC, 1) if image.startswith(_CURATED) else image
    for name in dict.fromkeys((image, public)):
        if (variables := engine.image_variables(name)) is not None:
            return Image(engine, name, variables)
    tell(f"downloading the image {public}")
    problem = engine.pull(public)
    variables = engine.image_variables(public)
    if variables is None:
        raise UnsupportedFeature(
            f"image: got {image}, which is not on this machine, and `{engine.program} pull {public}` failed: {problem}."
            f" Build it (`{engine.program} build --tag {image} FOLDER`), or name another one with --image"
        )
    return Image(engine, public, variables)


class BuildImage:
    """Runs commands in a container, which sees the sources, the cache and CodeBuild's own folders.

    certificates: the folder of the embedded AWS's certificates.
    """

    user = "root"

    def __init__(self, build: Build, folders: BuildFolders, image: Image, certificates: Path | None) -> None:
        self._build, self._folders, self._image, self._certificates = build, folders, image, certificates
        self.sources: Mapping[str, Path] = {
            name: _OUTPUT / path.parent.name / path.name for name, path in folders.sources.items()
        }
        self.image = image.name
        self.state = _OUTPUT / "tmp"
        self.reach = Reach(tuple(folders.sources.values()))

    def variables(self) -> Mapping[str, str]:
        return {"PATH": _PATH, **self._image.variables, "HOME": str(_HOME)}

    def visible(self, values: Mapping[str, str]) -> dict[str, str]:
        return _replaced(values, {str(self._certificates): str(_CERTIFICATES)} if self._certificates else {})

    def readable(self, values: Mapping[str, str]) -> dict[str, str]:
        return _replaced(values, {str(path): str(self._folders.sources[name]) for name, path in self.sources.items()})

    def equip(self, spec: Buildspec, env: Mapping[str, str], log: BuildLog) -> Equipment:
        log.note(f"{IN_IMAGE} {self._image.name} of {self._image.engine.program}, with this machine's network")
        if self._build.privileged:
            log.note("no Docker daemon runs in the image unless the buildspec starts one; CodeBuild's own images do")
        provide_hash_files(self._folders.folder / "bin")
        variables = {**env, "PATH": f"{env['PATH']}:{_TOOLS}"}
        return Equipment(variables, self._select_runtimes(spec.phases.install.runtime_versions, env, log))

    def _select_runtimes(self, versions: Mapping[str, str], env: Mapping[str, str], log: BuildLog) -> tuple[str, ...]:
        """Return the commands that select the requested versions."""
        if not versions:
            return ()
        listed = self._image.engine.read_file(self._image.name, image_runtimes.FILE)
        if listed is None:
            log.note(
                "runtime-versions has no effect: the image is not CodeBuild's, and has the versions it starts with"
            )
            return ()
        commands: list[str] = []
        requested = {name: expand_variables(version, env) for name, version in versions.items()}
        for name, version, selection in image_runtimes.select_versions(listed, requested):
            log.say(f"Selecting '{name}' runtime version '{version}' based on manual selections...")
            commands += selection
        return tuple(commands)

    def shell(self, name: str) -> tuple[str, ...]:
        return (name,)

    def terminal(self, command: Sequence[str], env: Mapping[str, str], first: Sequence[str]) -> ForegroundCommand:
        container = self._container()
        write_variables(self._folders.state, env)
        begin = (f". {self.state / VARIABLES}", f"cd -- {shlex.quote(str(self.sources['']))} || exit", *first)
        return container.terminal("\n".join([*begin, f"exec {shlex.join(command)}"]))

    def processes(self, on_line: Callable[[str], None], cached: Sequence[Path] = ()) -> Processes:
        return Processes(on_line, self._container(cached))

    def _container(self, cached: Sequence[Path] = ()) -> Container:
        """Return a new container. cached: as for `processes`."""
        home = self._folders.home
        in_home = [path for path in cached if path.is_relative_to(home)]
        for folder in (self._folders.state, *in_home):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        mounts = [
            *(Mount(self._folders.sources[name], path) for name, path in self.sources.items()),
            *(Mount(path, _HOME / path.relative_to(home)) for path in in_home),
            Mount(self._folders.state, self.state, "shared"),
            Mount(self._folders.folder / "bin", _TOOLS, "read"),
            *([Mount(self._certificates, _CERTIFICATES, "read")] if self._certificates else []),
        ]
        return Container(self._image.engine, self._image.name, mounts, self._build.id, self._build.privileged)


def _replaced(values: Mapping[str, str], paths: Mapping[str, str]) -> dict[str, str]:
    """Return the values with every path of `paths` replaced by its counterpart."""
    replaced = dict(values)
    for old, new in paths.items():
        replaced = {name: value.replace(old, new) for name, value in replaced.items()}
    return replaced
