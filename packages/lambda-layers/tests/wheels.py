"""Wheels made by tests, some with a fault, so that no test needs an index or a large package."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PURE = "py3-none-any"


@dataclass(frozen=True)
class Wheel:
    """One file of a package, and the requirements in its METADATA."""

    path: Path
    name: str
    version: str
    requires: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """Return the digest of the file."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


@dataclass
class House:
    """A folder of wheels and source packages that uv finds instead of an index."""

    folder: Path
    wheels: dict[str, Wheel] = field(default_factory=dict)

    def wheel(
        self,
        name: str,
        version: str = "1.0",
        *,
        files: Mapping[str, bytes | str] | None = None,
        tag: str = PURE,
        requires: Iterable[str] = (),
        said_tag: str = "",
        headers: str = "License-Expression: MIT\n",
        recorded: Mapping[str, bytes | str] | None = None,
        programs: Iterable[str] = (),
        metadata: bytes = b"",
    ) -> Wheel:
        """Create a wheel; `said_tag` is the tag in its WHEEL file if it differs from the name's; `-` means none.

        recorded: the content that RECORD has for some files, if it differs. programs: the executable files. metadata:
        METADATA, if the other arguments do not describe it.
        """
        module = name.replace("-", "_")
        needs = "".join(f"Requires-Dist: {need}\n" for need in requires)
        info = f"{module}-{version}.dist-info"
        content: dict[str, bytes | str] = dict(files or {f"{module}/__init__.py": f"NAME = {name!r}\n"})
        default = f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n{headers}{needs}"
        content[f"{info}/METADATA"] = metadata or default
        content[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\n{_tag_line(said_tag or tag)}"
        lines = [_recorded(path, data) for path, data in {**content, **(recorded or {})}.items()]
        content[f"{info}/RECORD"] = "".join([*lines, f"{info}/RECORD,,\n"])
        path = self.folder / f"{module}-{version}-{tag}.whl"
        with zipfile.ZipFile(path, "w") as zipped:
            for inside, data in content.items():
                entry = zipfile.ZipInfo(inside)
                entry.external_attr = (0o100755 if inside in {*programs} else 0o100644) << 16
                zipped.writestr(entry, data)
        return self._keep(Wheel(path, name, version, tuple(requires)))

    def source(self, name: str, version: str = "1.0", *, build: str = "") -> Wheel:
        """Create a source package without build requirements; its backend runs `build` first."""
        backend = (
            f"{build}\nimport zipfile\n"
            "def build_wheel(folder, *a):\n"
            f"    name = '{name}-{version}-py3-none-any.whl'\n"
            "    with zipfile.ZipFile(folder + '/' + name, 'w') as z:\n"
            f"        z.writestr('{name}.py', 'BUILT = True')\n"
            f"        z.writestr('{name}-{version}.dist-info/METADATA',"
            f" 'Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n')\n"
            f"        z.writestr('{name}-{version}.dist-info/WHEEL', 'Wheel-Version: 1.0\\nTag: py3-none-any\\n')\n"
            f"        z.writestr('{name}-{version}.dist-info/RECORD', '{name}.py,,\\n')\n"
            "    return name\n"
        )
        project = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        project += f'[project]\nname = "{name}"\nversion = "{version}"\n'
        path = self.folder / f"{name}-{version}.tar.gz"
        files = {"PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"}
        files |= {"pyproject.toml": project, "backend.py": backend}
        with tarfile.open(path, "w:gz") as packed:
            for inside, text in files.items():
                entry = tarfile.TarInfo(f"{name}-{version}/{inside}")
                entry.size = len(text)
                packed.addfile(entry, io.BytesIO(text.encode()))
        return self._keep(Wheel(path, name, version, ()))

    def _keep(self, wheel: Wheel) -> Wheel:
        self.wheels[wheel.name] = wheel
        return wheel


def _tag_line(tag: str) -> str:
    return "" if tag == "-" else f"Tag: {tag}\n"


def _recorded(path: str, data: bytes | str) -> str:
    content = data.encode() if isinstance(data, str) else data
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    quoted = '"' + path.replace('"', '""') + '"' if {*path} & {*',"'} else path
    return f"{quoted},sha256={digest},{len(content)}\n"
