"""Packages of a private index come only from the lock's source."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lambda_layers.builder import package_index
from lambda_layers.builder.project_build import build
from lambda_layers.errors import LayersError
from lambda_layers.locks.pin import PYPI, Pin, Source, source_of
from lambda_layers.subprocesses import find_tool, run
from tests.indexes import Index, serve
from tests.projects import Project
from tests.root import ROOT
from tests.wheels import House

USER, PASSWORD = "builder", "s3cr3t-of-corp"  # pragma: allowlist secret
CORP = Source("corp-eu", "https://corp.example/simple/")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Index]]:
    """A private index, and another one with the same package name and version and other content."""
    folders = {name: tmp_path_factory.mktemp(name) for name in ("corp", "other")}
    for name, folder in folders.items():
        House(folder).wheel("acme-secret", files={"acme_secret/__init__.py": f"FROM = {name!r}\n"})
    House(folders["other"]).wheel("base")
    with serve(folders["corp"], (USER, PASSWORD)) as corp, serve(folders["other"]) as other:
        yield {"corp": corp, "other": other}


@pytest.fixture(scope="module")
def locked(served: dict[str, Index], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with `base` from one index and `acme-secret` from the private one, locked by Poetry itself."""
    folder = tmp_path_factory.mktemp("locked")
    root = Project(folder / "project", House(folder)).write({"main": []})
    text = (root / "pyproject.toml").read_text().replace("dependencies = []\n", 'dynamic = ["dependencies"]\n')
    text += '[tool.poetry.dependencies]\nbase = "*"\nacme-secret = {version = "*", source = "corp"}\n'
    for name, priority in (("other", "primary"), ("corp", "explicit")):
        text += f'[[tool.poetry.source]]\nname = "{name}"\nurl = "{served[name].url}"\npriority = "{priority}"\n'
    (root / "pyproject.toml").write_text(text)
    credentials = {"POETRY_HTTP_BASIC_CORP_USERNAME": USER, "POETRY_HTTP_BASIC_CORP_PASSWORD": PASSWORD}
    run([find_tool("poetry", ROOT), "lock"], cwd=root, env={**credentials, "POETRY_CACHE_DIR": str(folder / "poetry")})
    return root


@pytest.fixture
def root(project: Project, locked: Path, served: dict[str, Index], monkeypatch: pytest.MonkeyPatch) -> Path:
    """This project, on a machine whose default index is the other one, which is an additional index too."""
    for name in ("UV_NO_INDEX", "UV_FIND_LINKS"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("UV_DEFAULT_INDEX", served["other"].url)
    monkeypatch.setenv("UV_EXTRA_INDEX_URL", served["other"].url)
    root = project.write({"main": []})
    for name in ("pyproject.toml", "poetry.lock"):
        shutil.copy(locked / name, root)
    return root


def shipped(root: Path) -> str:
    """Return the module of the private package in the layer."""
    (layer,) = json.loads((root / "build" / "layers" / "layers.json").read_text())["layers"]
    with zipfile.ZipFile(root / layer["zip"]) as zipped:
        return zipped.read("python/acme_secret/__init__.py").decode()


@pytest.mark.gate
@pytest.mark.slow
@pytest.mark.parametrize("variables", ["POETRY_HTTP_BASIC_CORP", "UV_INDEX_CORP"])
def test_a_package_comes_from_the_source_that_the_lock_names(
    root: Path, served: dict[str, Index], monkeypatch: pytest.MonkeyPatch, variables: str
) -> None:
    """A package is requested only from the lock's source, and no build file has the password."""
    monkeypatch.setenv(f"{variables}_USERNAME", USER)
    monkeypatch.setenv(f"{variables}_PASSWORD", PASSWORD)
    asked = len(served["other"].asked)
    build(root)
    assert shipped(root) == "FROM = 'corp'\n"
    assert [path for path in served["other"].asked[asked:] if "acme" in path] == []
    written = [
        path for folder in (root / "build", root.parent / "cache") for path in folder.rglob("*") if path.is_file()
    ]
    assert [path for path in written if PASSWORD.encode() in path.read_bytes()] == []


@pytest.mark.gate
@pytest.mark.slow
@pytest.mark.parametrize("password", ["", "wrong-password"])
def test_a_refusal_names_source_and_variables(root: Path, monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    """Missing or wrong credentials are an error that names source and variables, without the password."""
    if password:
        monkeypatch.setenv("POETRY_HTTP_BASIC_CORP_USERNAME", USER)
        monkeypatch.setenv("POETRY_HTTP_BASIC_CORP_PASSWORD", password)
    with pytest.raises(LayersError) as refused:
        build(root)
    message = str(refused.value)
    assert "takes acme-secret from the source corp (http://127.0.0.1:" in message
    assert "POETRY_HTTP_BASIC_CORP_PASSWORD" in message
    assert "UV_INDEX_CORP_PASSWORD" in message
    assert "wrong-password" not in message


@pytest.mark.slow
def test_credentials_that_poetry_stores_are_used(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The build uses the credentials of `poetry config http-basic.corp`."""
    (tmp_path / "config").mkdir()
    text = f'[http-basic.corp]\nusername = "{USER}"\npassword = "{PASSWORD}"\n'
    (tmp_path / "config" / "auth.toml").write_text(text)
    monkeypatch.setenv("POETRY_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("POETRY_KEYRING_ENABLED", "false")
    build(root)
    assert shipped(root) == "FROM = 'corp'\n"


_KEYRING = f"""
from keyring.backend import KeyringBackend
class Keyring(KeyringBackend):
    priority = 9
    def get_password(self, service, username):
        return {PASSWORD!r} if (service, username) == ("poetry-repository-corp", {USER!r}) else None
    def set_password(self, *_):
        raise NotImplementedError
"""


@pytest.mark.slow
def test_the_password_of_a_keyring_is_used(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The build uses the user of Poetry's configuration with the keyring's password."""
    config = tmp_path / "config"
    (config / "python_keyring").mkdir(parents=True)
    (config / "corp_keyring.py").write_text(_KEYRING)
    text = f"[backend]\ndefault-keyring = corp_keyring.Keyring\nkeyring-path = {config}\n"
    (config / "python_keyring" / "keyringrc.cfg").write_text(text)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(config))
    monkeypatch.setenv("POETRY_CONFIG_DIR", str(config))
    monkeypatch.setenv("POETRY_HTTP_BASIC_CORP_USERNAME", USER)
    build(root)
    assert shipped(root) == "FROM = 'corp'\n"


def test_each_source_has_a_call_of_its_own() -> None:
    """Each source has a separate call of uv, the default index first."""
    pins = [
        Pin("a", source=CORP),
        Pin("b"),
        Pin("c", source=CORP),
        Pin("d", source=source_of("x", f"https://{PYPI}/simple/")),
    ]
    names = {source: [pin.name for pin in found] for source, found in package_index.by_source(pins).items()}
    assert names == {None: ["b", "d"], CORP: ["a", "c"]}


def test_credentials_are_in_variables_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials are passed in environment variables, since other users can read a process's arguments."""
    monkeypatch.delenv("UV_NO_INDEX", raising=False)
    url = "https://me:pass%40word@corp.example/simple/"  # pragma: allowlist secret
    call = package_index.index_call(Source("corp-eu", url))
    assert call.arguments == ["--default-index", "corp-eu=https://corp.example/simple/"]
    assert call.variables == {
        "UV_INDEX_CORP_EU_USERNAME": "me",
        "UV_INDEX_CORP_EU_PASSWORD": "pass@word",  # pragma: allowlist secret
    }
    assert {"UV_EXTRA_INDEX_URL", "UV_FIND_LINKS"} <= {*call.removed}


def test_stored_credentials_are_looked_up_only_where_an_index_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that needs no password starts no Poetry; one that refuses is called again with stored credentials."""
    monkeypatch.delenv("UV_NO_INDEX", raising=False)
    logins: list[str | None] = []

    def refuse_without_password(call: package_index.IndexCall) -> None:
        logins.append(call.variables.get("UV_INDEX_CORP_EU_PASSWORD"))
        if logins[-1] is None:
            raise LayersError("401 Unauthorized")

    def never() -> tuple[str, str] | None:
        raise AssertionError("credentials were looked up")

    package_index.install_from(CORP, [], lambda _: None, never)
    package_index.install_from(CORP, [], refuse_without_password, lambda: (USER, PASSWORD))
    assert logins == [None, PASSWORD]


def test_without_an_index_everything_is_in_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """With UV_NO_INDEX, packages of every source come from UV_FIND_LINKS."""
    monkeypatch.setenv("UV_NO_INDEX", "1")
    assert package_index.index_call(CORP) == package_index.IndexCall()


def test_a_page_of_links_is_a_source() -> None:
    """A source that is an HTML page is passed to uv with --find-links."""
    assert not os.environ.get("UV_NO_INDEX")
    call = package_index.index_call(Source("pages", "https://corp.example/wheels.html"))
    assert call.arguments == ["--no-index", "--find-links", "https://corp.example/wheels.html"]


@pytest.mark.gate
def test_passwords_of_urls_are_blotted_out(tmp_path: Path) -> None:
    """The error of a failed command masks passwords and tokens in URLs."""
    url = "https://me:tok3n@host/x"  # pragma: allowlist secret
    with pytest.raises(LayersError) as caught:
        run(["sh", "-c", f"echo fetching {url}; exit 1", "git+https://tok3n@host/x"], cwd=tmp_path)
    assert "tok3n" not in str(caught.value)
    assert "https://****@host/x" in str(caught.value)
