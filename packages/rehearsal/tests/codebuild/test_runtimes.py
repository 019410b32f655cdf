"""Finding of runtimes on this machine; only a version that matches the request is used."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from rehearsal.bundling.docker_program import notes_file, read_notes
from rehearsal.codebuild import host_runtimes, images, runtimes
from rehearsal.codebuild.host_runtimes import Runtime
from rehearsal.codebuild.runtimes import RuntimeNotFound
from rehearsal.host import interpreters, node
from rehearsal.host.node import NodeInstallation, NodeNotFound

COMMAND = "[console_scripts]\ntiny = tiny:main\n"

HERE = tuple(
    Runtime("ruby", version, {"ruby": f"/ruby-{version}"}) for version in ("3.2.10", "3.2.9", "3.10.1", "2.7.0")
)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole search path."""
    (tmp_path / "path").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    return tmp_path / "path"


def program(path: Path, name: str, text: str) -> None:
    (path / name).write_text(f"#!/bin/sh\n{text}\n")
    (path / name).chmod(0o755)


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ("3.2", "3.2.10"),
        ("3.2.9", "3.2.9"),
        ("3.x", "3.10.1"),
        ("latest", "3.10.1"),
        ("2", "2.7.0"),
        ("$RUBY", "2.7.0"),
    ],
)
def test_the_newest_matching_version_is_chosen(
    wanted: str, chosen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Versions are compared by number; the requested version may be in a variable."""
    monkeypatch.setitem(host_runtimes.FINDERS, "ruby", lambda: HERE)
    (installed,) = runtimes.install({"ruby": wanted}, {"RUBY": "2.7"}, tmp_path).requested
    assert installed.version == chosen
    assert (tmp_path / "bin" / "ruby").read_text() == f'#!/bin/sh\nexec /ruby-{chosen} "$@"\n'


@pytest.mark.parametrize("wanted", ["3", "3.20", "3.2.1", "4.x", ""])
def test_a_version_that_does_not_match_is_never_used(
    wanted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """3.20 does not match 3.2, and the error lists the available versions."""
    monkeypatch.setitem(host_runtimes.FINDERS, "ruby", lambda: HERE[3:])
    with pytest.raises(RuntimeNotFound, match=r"of ruby\. This machine has the following versions: 2\.7\.0\."):
        runtimes.install({"ruby": wanted}, {}, tmp_path)


def test_builds_have_python_and_node_by_default(tmp_path: Path, path: Path) -> None:
    """Without runtime-versions, a build has the rehearsal's Python and Node, whatever the search path has."""
    installed = runtimes.install({}, {}, tmp_path)
    assert installed.requested == ()
    asked = subprocess.run([installed.path[1] / "python3", "-V"], capture_output=True, text=True, check=True).stdout
    assert asked == f"Python {platform.python_version()}\n"
    two = subprocess.run([tmp_path / "bin" / "node", "-p", "1 + 1"], capture_output=True, text=True, check=True).stdout
    assert two == "2\n"


@pytest.mark.parametrize(
    ("name", "command", "says", "wanted", "version"),
    [
        ("java", "java", "echo 'openjdk version \"17.0.9\" 2023-10-17' >&2", "corretto17", "17.0.9"),
        ("java", "java", "echo 'openjdk version \"1.8.0_392\"' >&2", "corretto8", "8.0"),
        ("golang", "go", "echo go version go1.22.1 linux/amd64", "1.22", "1.22.1"),
        ("dotnet", "dotnet", "echo 8.0.100", "8.0", "8.0.100"),
    ],
)
def test_runtimes_of_the_search_path_are_asked_for_their_version(
    *, name: str, command: str, says: str, wanted: str, version: str, path: Path, tmp_path: Path
) -> None:
    """The version of a program on the search path is the one that it prints."""
    program(path, command, says)
    (installed,) = runtimes.install({name: wanted}, {}, tmp_path).requested
    assert installed.version == version


def test_a_failing_shim_is_not_a_runtime(path: Path, tmp_path: Path) -> None:
    """A program that fails, such as a shim of pyenv for a disabled version, is not used."""
    program(path, "go", "echo 'go1.22.1: command not found' >&2; exit 127")
    with pytest.raises(RuntimeNotFound, match="This machine has the following versions: none"):
        runtimes.install({"golang": "1.22"}, {}, tmp_path)


@pytest.mark.parametrize(
    ("image", "python", "nodejs"),
    [
        ("aws/codebuild/standard:6.0", "3.10", "16"),
        ("aws/codebuild/standard:7.0", "3.11", "18"),
        ("aws/codebuild/amazonlinux2-x86_64-standard:5.0", "3.11", "18"),
        ("aws/codebuild/amazonlinux-aarch64-standard:4.0", "3.14", "24"),
        ("aws/codebuild/standard:99.0", None, None),
        ("111111111111.dkr.ecr.eu-west-1.amazonaws.com/own:1", None, None),
    ],
)
def test_an_image_has_a_default_python_and_node(image: str, python: str | None, nodejs: str | None) -> None:
    """The default Python and Node.js of an image are the ones in its Dockerfile."""
    assert (images.default_version(image, "python"), images.default_version(image, "nodejs")) == (python, nodejs)


def test_the_default_python_is_the_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build without runtime-versions uses the image's Python version; if it is missing, this is reported."""
    mine = Path(sys.executable).resolve()
    monkeypatch.setattr(interpreters, "find_minor_version", {"3.11": mine.parent / "python3.11"}.get)
    taken = runtimes.install({}, {}, tmp_path / "taken", "aws/codebuild/standard:7.0")
    assert (taken.python.version, taken.missing) == ("3.11", "")
    lacking = runtimes.install({}, {}, tmp_path / "lacking", "aws/codebuild/standard:6.0")
    assert (lacking.python.path, lacking.missing) == (mine, "3.10")


def write_wheel(folder: Path) -> Path:
    """Write a wheel with a module and a command, both named `tiny`."""
    files = {
        "tiny.py": "def main(): print('tiny ran')",
        "tiny-1.0.dist-info/entry_points.txt": COMMAND,
        "tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.4\nName: tiny\nVersion: 1.0\n",
        "tiny-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files["tiny-1.0.dist-info/RECORD"] = "".join(f"{path},,\n" for path in files)
    wheel = folder / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return wheel


def test_each_build_has_a_separate_environment(tmp_path: Path) -> None:
    """A build finds the commands that it installs; the host's interpreter and other builds do not see them."""
    wheel = write_wheel(tmp_path)
    installed = runtimes.install({}, {}, tmp_path / "one")
    offline = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "HOME": str(tmp_path)}
    env = {"PATH": os.pathsep.join([*map(str, installed.path), "/usr/bin", "/bin"]), **offline}
    command = ["sh", "-c", f"python -m pip install --quiet {wheel} && tiny"]
    assert subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True).stdout == "tiny ran\n"
    other = runtimes.install({}, {}, tmp_path / "two").path[1] / "python"
    for python in (other, Path(sys.executable).resolve()):
        seen = "import importlib.util; print(importlib.util.find_spec('tiny'))"
        found = subprocess.run([python, "-c", seen], stdout=subprocess.PIPE, text=True, cwd=other.parent, check=True)
        assert found.stdout == "None\n"


def test_shims_of_pyenv_are_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shim is slow, and its interpreter is found without running it."""
    asked: list[str] = []

    def answer(command: list[str]) -> str:
        asked.append(command[0])
        return ""

    for place in ("shims", "versions/3.99.1/bin"):
        (tmp_path / place).mkdir(parents=True)
    interpreter = tmp_path / "versions/3.99.1/bin/python3.99"
    for name in ("python", "python3.99"):
        (interpreter.parent / name).touch()
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setattr(
        interpreters, "on_path", lambda *_: [tmp_path / "shims" / "python3.99", Path("/usr/bin/python3.99")]
    )
    monkeypatch.setattr(interpreters, "read_first_line", answer)
    assert interpreters.find_minor_version("3.99") is None
    assert sorted(asked) == sorted(["/usr/bin/python3.99", str(interpreter.parent / "python")])


NPM_STUB = """\
#!/bin/sh
if [ "$1" = --version ]; then echo v24.1.0; exit; fi
while [ "$1" != --prefix ]; do shift; done
folder="$2/node_modules"
case "$3" in *@16) ;; *) exit 1;; esac
mkdir -p "$folder/${3%@*}/bin" "$folder/npm/bin"
printf '#!/bin/sh\\necho v16.20.2\\n' > "$folder/${3%@*}/bin/node"
chmod +x "$folder/${3%@*}/bin/node"
"""


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An npm that has only Node 16, and the folder for downloaded versions."""
    own = tmp_path / "wheel"
    (own / "bin").mkdir(parents=True)
    (own / "bin" / "node").write_text(NPM_STUB)
    (own / "bin" / "node").chmod(0o755)
    npm = own / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    npm.parent.mkdir(parents=True)
    npm.touch()
    (npm.parent / "npx-cli.js").touch()
    own_node = NodeInstallation("24.1.0", own / "bin" / "node")
    for module in (host_runtimes, node):
        monkeypatch.setattr(module, "find_node", lambda: own_node)
    monkeypatch.setitem(host_runtimes.FINDERS, "nodejs", lambda: ())
    monkeypatch.setitem(host_runtimes.OWN, "nodejs", lambda: Runtime("nodejs", "24.1.0", {}))
    return tmp_path / "runtimes"


@pytest.mark.parametrize("wanted", ["16", "16.x"])
def test_a_node_that_the_image_has_comes_from_npm(tmp_path: Path, registry: Path, wanted: str) -> None:
    """A Node version that the image has is installed with npm once, and the second build reuses it."""
    for build in ("one", "two"):
        (installed,) = runtimes.install(
            {"nodejs": wanted}, {}, tmp_path / build, "aws/codebuild/standard:6.0", registry
        ).requested
        assert (installed.version, sorted(installed.commands)) == ("16.20.2", ["node", "npm", "npx"])
        assert [path.name for path in registry.iterdir()] == ["node-16"]
        (tmp_path / "wheel" / "bin" / "node").write_text("#!/bin/sh\nexit 1\n")


def ask_node(folder: Path) -> str:
    """The version that a build's `node` prints."""
    done = subprocess.run([folder / "bin" / "node", "--version"], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_default_node_is_the_images(tmp_path: Path, registry: Path) -> None:
    """A build without runtime-versions has the image's Node.js: its first call installs it, later builds reuse it."""
    for build in ("one", "two"):
        runtimes.install({}, {}, tmp_path / build, "aws/codebuild/standard:6.0", registry)
        assert registry.exists() is (build == "two"), "nothing is installed before a build calls it"
        assert ask_node(tmp_path / build) == "v16.20.2"
        (tmp_path / "wheel" / "bin" / "node").write_text("#!/bin/sh\nexit 1\n")
    assert read_notes(tmp_path / "one") == []


def test_a_default_node_that_npm_lacks_is_reported(tmp_path: Path, registry: Path) -> None:
    """Where the image's Node.js cannot be installed, the rehearsal's own is used, and the run says so once."""
    runtimes.install({}, {}, tmp_path, "aws/codebuild/standard:7.0", registry)
    assert [ask_node(tmp_path), ask_node(tmp_path)] == ["v24.1.0", "v24.1.0"]
    (note,) = notes_file(tmp_path).read_text().splitlines()
    assert note == "the image has Node.js 18, which npm cannot install here: another version is used"


@pytest.mark.parametrize(
    ("wanted", "image"),
    [("16", "aws/codebuild/standard:7.0"), ("18", "aws/codebuild/standard:7.0"), ("9", "aws/codebuild/standard:6.0")],
)
def test_a_node_that_image_or_npm_lacks_is_not_found(tmp_path: Path, registry: Path, wanted: str, image: str) -> None:
    """A Node version that the image or npm lacks is an error, as on CodeBuild, and leaves no files."""
    with pytest.raises(RuntimeNotFound, match=f"named '{wanted}' of nodejs"):
        runtimes.install({"nodejs": wanted}, {}, tmp_path, image, registry)
    assert not registry.exists() or [*registry.iterdir()] == []


@pytest.fixture
def no_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without Node.js, and a rehearsal without its extra `node`."""

    def find_node() -> NodeInstallation:
        raise NodeNotFound

    monkeypatch.setattr(host_runtimes, "find_node", find_node)
    monkeypatch.setitem(host_runtimes.FINDERS, "nodejs", lambda: ())


@pytest.mark.usefixtures("no_node")
def test_a_build_that_calls_a_missing_node_says_how_to_get_it(tmp_path: Path) -> None:
    """Without Node, only a build that calls it fails, with a message that says how to install it."""
    commands = runtimes.install({}, {}, tmp_path).path[0]
    done = subprocess.run([commands / "npm", "ci"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (127, "")
    assert done.stderr == f"rehearsal: {NodeNotFound()}\n"


@pytest.mark.usefixtures("no_node")
@pytest.mark.parametrize("version", ["18", "24"])
def test_a_named_version_that_nothing_here_can_run_says_how_to_get_node(tmp_path: Path, version: str) -> None:
    """The error names the extra `node`, whether npm or the rehearsal would provide the version."""
    with pytest.raises(RuntimeNotFound, match=rf"named '{version}' of nodejs.*cdk-rehearsal\[node\]"):
        runtimes.install({"nodejs": version}, {}, tmp_path, "aws/codebuild/standard:7.0", tmp_path / "store")
