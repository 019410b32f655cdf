"""Builds in an image: the files that they see, of the image, of their source and of the host, and their cleanup."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from rehearsal.codebuild.build_image import OF_PROJECT, BuildImage, choose_machine, find_image
from rehearsal.codebuild.cache_keys import provide_hash_files
from rehearsal.codebuild.machine import ThisMachine
from rehearsal.codebuild.model import Build, BuildFolders
from rehearsal.codebuild.role_session import RoleSession
from rehearsal.host.container import LABEL
from rehearsal.host.foreground_command import run_in_foreground
from rehearsal.workspace.build_image import BuildImageFile
from rehearsal.workspace.layout import Workspace
from tests import debian_image
from tests.codebuild.case import CASES, COMPARED, ID, run, run_in, spec
from tests.codebuild.conftest import Account
from tests.codebuild.test_start_build import built, lines, project

# Cases whose results do not depend on this machine's tools or paths.
SAME_IN_AN_IMAGE = (
    "a-build-that-is-stopped-runs-nothing-more",
    "a-build-that-takes-too-long-is-ended",
    "exported-variables-are-those-at-the-end-of-the-build",
    "messages-of-the-shell-name-codebuilds-script",
    "secrets-are-read-and-masked",
    "the-background-lives-on-from-phase-to-phase",
)


def containers(build: str) -> list[str]:
    """Return the containers of a build, running or not."""
    return debian_image.ENGINE.call("ps", "--all", "--quiet", f"--filter=label={LABEL}={build}").stdout.split()


@pytest.mark.parametrize("case", [case for case in CASES if case.name in SAME_IN_AN_IMAGE], ids=lambda case: case.name)
def test_a_build_in_an_image_has_the_same_result(case: Any, image: str, tmp_path: Path) -> None:
    """Phases, status, output, exported variables and artifacts are the same as without image; no container remains."""
    build = f"tiny:{uuid.uuid4()}"
    ran = run(case.buildspec, {**case.given, "image": image, "id": build}, tmp_path, source=case.source)
    seen = {
        "status": ran.result.status,
        "phases": ran.phases,
        "prints": ran.printed,
        "exported": dict(ran.result.exported),
        "artifacts": ran.artifacts,
        "retries": ran.result.retries,
    }
    expected = json.loads(json.dumps(case.expected).replace(ID, build))
    wanted = {key: value for key, value in expected.items() if key in COMPARED}
    assert {key: seen[key] for key in wanted} == wanted, ran.log
    assert containers(build) == []


def test_every_case_of_the_list_exists() -> None:
    """A renamed case cannot silently drop out of the list."""
    assert {*SAME_IN_AN_IMAGE} <= {case.name for case in CASES}


def test_a_build_sees_the_image_as_root_with_its_source(image: str, tmp_path: Path) -> None:
    """A build has the image's variables and tools and CodeBuild's paths. It runs as root, whatever the image's user."""
    shown = 'echo "$IN_IMAGE $(id -u) $HOME $PWD" && [ "$PWD" = "$CODEBUILD_SRC_DIR" ] && cat file.txt && aws'
    ran = run_in(image, tmp_path, shown, "cd / && command -v python3")
    assert ran.result.status == "SUCCEEDED", ran.log
    assert re.fullmatch(r"yes 0 /root /codebuild/output/\w+/source", ran.printed[0])
    assert ran.printed[1:] == ["of the source", "the AWS CLI of the image", "/usr/bin/python3"]
    assert f"runs in the image {image} of {debian_image.ENGINE.program}, with this machine's network" in ran.log


def test_a_build_sees_none_of_this_machines_files(image: str, tmp_path: Path) -> None:
    """The build cannot see the host's folders, and its files outside of the source stay in the image."""
    (tmp_path / "secret").write_text("of this machine")
    ran = run_in(image, tmp_path, f"ls {tmp_path} || true", "touch /etc/written-by-a-build", "ls -A /root")
    assert ran.result.status == "SUCCEEDED", ran.log
    assert not any("secret" in line for line in ran.printed)
    assert not Path("/etc/written-by-a-build").exists()


def test_artifacts_have_files_of_the_source_only(image: str, tmp_path: Path) -> None:
    """Artifacts may name paths below CODEBUILD_SRC_DIR; a link to a file of the image is omitted and reported."""
    (tmp_path / "secret").write_text("of this machine")
    commands = ("mkdir dist", "cp file.txt dist", f"ln -s {tmp_path}/secret dist/link")
    ran = run_in(image, tmp_path, *commands, artifacts={"files": ["$CODEBUILD_SRC_DIR/dist/*"]})
    assert ran.artifacts == {"": ["dist/file.txt"]}
    assert "artifacts: dist/link is not in the artifact: it leads out of the source, into the image" in ran.log


def test_an_artifact_elsewhere_in_the_image_fails_the_build(image: str, tmp_path: Path) -> None:
    """A file of the same path on the host does not become the artifact."""
    (tmp_path / "secret").write_text("of this machine")
    ran = run_in(image, tmp_path, "true", artifacts={"files": ["secret"], "base-directory": str(tmp_path)})
    assert ran.result.status == "FAILED"
    assert "no matching artifact paths found for secret" in ran.result.message


def test_caches_are_in_the_source_and_in_the_home(image: str, tmp_path: Path) -> None:
    """The next build finds the cached paths, also if the cache key is computed by a command in the image."""
    cache = {"paths": ["/root/.cache/tool/**/*", "kept/**/*"], "key": "k-$(codebuild-hash-files file.txt)"}
    write = "mkdir -p kept && echo 1 > kept/a && echo 2 > ~/.cache/tool/b"
    first = run_in(image, tmp_path, write, cache=cache)
    second = run_in(image, tmp_path, "cat kept/a ~/.cache/tool/b", number=2, cache=cache)
    assert first.result.status == "SUCCEEDED", first.log
    assert second.printed == ["1", "2"], second.log


def test_bash_is_the_images(image: str, tmp_path: Path) -> None:
    """With `env.shell: bash`, the image's bash runs the commands."""
    ran = run_in(image, tmp_path, "[[ $BASH_VERSION ]] && a=(1 2) && echo ${a[1]}", env={"shell": "bash"})
    assert ran.printed == ["2"], ran.log


def test_values_survive_line_ends_and_quotes(image: str, tmp_path: Path) -> None:
    """Variables with line breaks and quotes reach the container unchanged."""
    value = "a 'b' \"c\"\n$HOME\n\n\\ d"
    ran = run_in(image, tmp_path, 'printf "%s" "$VALUE" | sha256sum', env={"variables": {"VALUE": value}})
    assert ran.printed == [f"{hashlib.sha256(value.encode()).hexdigest()}  -"], ran.log


def with_runtimes(image: str, folder: Path) -> str:
    """Build an image with a list of runtimes, as CodeBuild's images have it, and return its name."""
    listed = {
        "python": {"3.11": ["export CHOSEN=$PYTHON_311"], "3.12": ["export CHOSEN=twelve", "touch /chosen"]},
        "nodejs": {"18": ["true"], "20": ["echo node 20"]},
    }
    runtimes = {
        name: {"versions": {version: {"commands": commands} for version, commands in versions.items()}}
        for name, versions in listed.items()
    }
    (folder / "runtimes.yml").write_text(json.dumps({"version": 0.1, "runtimes": runtimes}))
    (folder / "Dockerfile").write_text(f"FROM {image}\nCOPY runtimes.yml /codebuild/image/config/runtimes.yml\n")
    name = "localhost/rehearsal-tests-runtimes:1"
    built_image = debian_image.ENGINE.call("build", "--quiet", "--network=host", "--tag", name, str(folder))
    assert built_image.returncode == 0, built_image.stderr
    return name


def test_runtime_versions_select_from_the_images_list(image: str, tmp_path: Path) -> None:
    """The image's own commands select the newest version that matches; an unknown version fails the build."""
    name = with_runtimes(image, tmp_path)
    install = {"runtime-versions": {"python": "3.x", "nodejs": "20", "docker": "20"}, "commands": ["echo $CHOSEN"]}
    ran = run(json.dumps({"version": "0.2", "phases": {"install": install}}), {"image": name}, tmp_path)
    assert ran.printed == ["node 20", "twelve"], ran.log
    assert "Selecting 'python' runtime version '3.12' based on manual selections..." in ran.log
    install["runtime-versions"] = {"python": "3.7"}
    ran = run(json.dumps({"version": "0.2", "phases": {"install": install}}), {"image": name}, tmp_path, number=2)
    assert ran.result.message == (
        "DOWNLOAD_SOURCE: YAML_FILE_ERROR: Unknown runtime version named '3.7' of python. This build image has the"
        " following versions: 3.11, 3.12"
    )
    debian_image.ENGINE.call("rmi", name)


def test_runtime_versions_have_no_effect_in_a_custom_image(image: str, tmp_path: Path) -> None:
    """runtime-versions installs nothing in a custom image, as on AWS, and the log says so."""
    phases = {"install": {"runtime-versions": {"python": "3.7"}}, "build": {"commands": ["python3 --version"]}}
    ran = run(json.dumps({"version": "0.2", "phases": phases}), {"image": image}, tmp_path)
    assert ran.printed[0].startswith("Python 3.11."), ran.log
    assert "runtime-versions has no effect: the image is not CodeBuild's" in ran.log


def test_a_shell_in_an_image_has_the_selected_runtimes(
    image: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The shell of a build starts after the commands that select its runtimes, with every variable unchanged."""
    build = Build(**{**dict.fromkeys(Build.__dataclass_fields__, ""), "id": "shell"})  # type: ignore[arg-type]
    (tmp_path / "source" / "src").mkdir(parents=True)
    place = BuildFolders(tmp_path, {"": tmp_path / "source" / "src"}, tmp_path)
    provide_hash_files(tmp_path / "bin")
    machine = BuildImage(build, place, find_image(debian_image.ENGINE, image, print), None)
    command = ["sh", "-c", 'echo "$CHOSEN $VALUE $PWD"; exit 3']
    code = run_in_foreground(machine.terminal(command, {"VALUE": "a\n'b'"}, ["export CHOSEN=twelve"]))
    assert (code, capfd.readouterr().out) == (3, "twelve a\n'b' /codebuild/output/source/src\n")


def test_a_build_in_an_image_reaches_the_embedded_aws(account: Account, image: str) -> None:
    """A build in an image reaches AWS's host names, with the certificates of the embedded AWS."""
    url = "https://sts.eu-west-1.amazonaws.com/_ministack/health"
    command = f"python3 -c \"import urllib.request as u; print('status', u.urlopen('{url}').status)\""
    script = "/codebuild/readonly/certificates/aws-hosts.cjs"
    for_node = f'echo "$NODE_OPTIONS" && cat {script} > /dev/null'
    setting = BuildImageFile(Workspace(account.remote.parent.parent))
    setting.write(image)
    try:
        build = built(account, project(account, spec(command, for_node)))
    finally:
        setting.write("")
    assert build["buildStatus"] == "SUCCEEDED", "\n".join(lines(account, build))
    assert {"status 200", f'--require="{script}"'} <= {*lines(account, build)}


def test_a_retry_starts_in_a_new_container(image: str, tmp_path: Path) -> None:
    """A retry finds neither files of the first attempt outside of the source nor changes to the source."""
    build = {"on-failure": "RETRY-1", "commands": ["ls /tmp", "touch /tmp/first file.txt", "false"]}
    ran = run(json.dumps({"version": "0.2", "phases": {"build": build}}), {"image": image}, tmp_path)
    assert ran.result.retries == 1, ran.log
    assert ran.printed == []


def test_a_build_without_an_image_runs_on_the_host(tmp_path: Path) -> None:
    """A managed build of CodePipeline has no image, so it runs on the host."""
    build = Build(**{**dict.fromkeys(Build.__dataclass_fields__, ""), "image": ""})  # type: ignore[arg-type]
    place = BuildFolders(tmp_path, {"": tmp_path}, tmp_path)
    assert isinstance(choose_machine(build, place, OF_PROJECT, RoleSession({}, Mock()), Mock()), ThisMachine)


def test_a_privileged_build_has_the_capabilities_that_a_daemon_needs(image: str, tmp_path: Path) -> None:
    """Docker gives every capability to a build in privileged mode, and to no other."""
    if debian_image.ENGINE.program != "docker":
        pytest.skip("this machine has no Docker, which privileged mode needs")
    options = ("--rm", "--privileged", "--network=host", "--user=0:0")
    tried = debian_image.ENGINE.call("run", *options, image, "true")
    if tried.returncode:
        pytest.skip(f"docker runs no privileged container here: {tried.stderr.strip()[-300:]}")
    command = "mount -t tmpfs none /root 2> /dev/null && echo mounted || echo refused"
    printed = [
        run(spec(command), {"image": image, "privileged": privileged}, tmp_path, number=number).printed
        for number, privileged in enumerate((True, False), 1)
    ]
    assert printed == [["mounted"], ["refused"]]
