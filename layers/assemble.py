"""One layer: installed, made lean, verified, compiled, packed, and described by its record."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from layers import archive, bytecode, cache, key, lean, manifest, sbom, verify
from layers.distributions import Installed, installed
from layers.errors import WrongUse
from layers.export import Pin
from layers.install import install
from layers.lock import Lock
from layers.settings import Settings
from layers.slices import Slice

Record = dict[str, Any]


@dataclass(frozen=True)
class Workshop:
    """What every layer of one build is made with; `python` is the target's interpreter, None where there is none."""

    root: Path
    settings: Settings
    python: str | None
    lock: Lock
    machinery: Sequence[Any]
    cache: cache.Cache

    def layer(self, part: Slice) -> Record:
        """The record of one layer, made before or now: its entry in layers.json, and its files by their digests."""
        made_from = self._key(part)
        record = self.cache.record(made_from)
        if record is None or not all(self.cache.fetch(d, self.root / path) for path, d in record["files"].items()):
            record = self._make(part)
            self.cache.keep_record(made_from, record)
        return {**record, "layer": {**record["layer"], "functions": list(part.functions)}}

    def _key(self, part: Slice) -> str:
        pins = [
            [pin.name, pin.version, pin.hashes, pin.url, _own(self.root, pin)] for pin in (*part.pins, *part.left_out)
        ]
        settings = self.settings.model_dump(mode="json") | {
            "build_from_source": sorted(self.settings.build_from_source)
        }
        left_out = [pin.name for pin in part.left_out]
        return key.of("layer", part.name, pins, left_out, sorted(part.provided), settings, self.machinery)

    def _make(self, part: Slice) -> Record:
        with tempfile.TemporaryDirectory(prefix="layers-") as scratch:
            content = Path(scratch) / "python"
            packages, left_out = self._fill(content, part)
            sizes = [_told(package) for package in left_out]
            _remove(left_out)
            if self.python:
                bytecode.compile_all(self.python, content)
            return self._pack(part, content, packages, sizes)

    def _fill(self, content: Path, part: Slice) -> tuple[list[Installed], list[Installed]]:
        target, pins = self.settings.target, (*part.pins, *part.left_out)
        _only_for_this_machine(self.settings, pins)
        python = self.python or sys.executable
        install(self.root, pins, target, content, python=python, allowed=self.settings.build_from_source)
        lean.strip(content, drop_tests=self.settings.drop_tests)
        found = installed(content)
        verify.verify(part.name, content, found, pins, target)
        verify.complete(part.name, found, part.provided, target)
        without = {pin.name for pin in part.left_out}
        kept = [package for package in found if package.name not in without]
        return kept, [package for package in found if package.name in without]

    def _pack(self, part: Slice, content: Path, packages: Sequence[Installed], left_out: Sequence[Record]) -> Record:
        made = content.parent / "layer.zip"
        unzipped = archive.pack(content, made)
        digest = cache.sha256(made) or ""
        described = content.parent / "sbom.json"
        pins = {pin.name: pin for pin in part.pins}
        described.write_text(sbom.of((part.name, digest), packages, pins, self.lock, self.settings.target))
        folder = manifest.WHERE.parent
        files = {folder / f"{part.name}-{digest}.zip": made, folder / f"{part.name}-{digest}.cdx.json": described}
        placed = {path.as_posix(): self._keep(file, path) for path, file in files.items()}
        zipped, bill = placed
        layer = {"name": part.name, "zip": zipped, "sha256": digest, "bytes": made.stat().st_size}
        layer |= {"unzipped_bytes": unzipped, "packages": [_told(package) for package in packages]}
        return {"layer": {**layer, "left_out": left_out, "sbom": bill}, "files": placed}

    def _keep(self, file: Path, path: Path) -> str:
        digest = cache.sha256(file) or ""
        self.cache.keep_file(file, digest)
        cache.place(file, self.root / path)
        return digest


def _told(package: Installed) -> Record:
    return {"name": package.name, "version": package.version, "bytes": package.bytes}


def _remove(packages: Collection[Installed]) -> None:
    for package in packages:
        for file in package.files:
            file.unlink()


def _own(root: Path, pin: Pin) -> str:
    return key.tree(root / pin.url) if pin.url and (root / pin.url).exists() else ""


def _only_for_this_machine(settings: Settings, pins: Sequence[Pin]) -> None:
    here = sorted(settings.build_from_source & {pin.name for pin in pins})
    if here and not settings.target.is_host:
        raise WrongUse(
            f"[tool.layers] build-from-source: {', '.join(here)} can be built for this machine alone, and the target "
            f"is Python {settings.python} on {settings.architecture}; build there, or take a version that has a wheel"
        )
