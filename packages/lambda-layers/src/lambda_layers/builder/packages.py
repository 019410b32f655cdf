"""The build of each locked package, once for all layers: install, prune, verify, compile and deflate."""

from __future__ import annotations

import stat
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from typing import Any

from lambda_layers.builder import bytecode, cache, cache_key, import_probe, sbom, verify, zip_archive
from lambda_layers.builder.installed import InstalledPackage, RecordMismatch, installed_packages, packages_sharing_files
from lambda_layers.builder.pruning import Pruning
from lambda_layers.builder.uv_install import install
from lambda_layers.builder.wheel_contents import WheelContents, installed_contents
from lambda_layers.builder.zip_archive import ZipEntry
from lambda_layers.errors import LayersError, WrongUse
from lambda_layers.locks import wheel_files
from lambda_layers.locks.graph import Lock
from lambda_layers.locks.pin import Pin
from lambda_layers.settings import Settings

# A file that anyone may execute in the wheel is executable for all users on Lambda.
_ANY_EXECUTE = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH
# The zip entry of a file, and its deflated bytes.
PackedFile = tuple[ZipEntry, bytes]


@dataclass(frozen=True)
class BuiltPackage:
    """A package built for the target. needs: the packages that it requires. wheel: file name and sha256.

    parts: the zip entries of its files. blob: the digest of the parts' bytes, one after the other, in the cache.
    warnings: messages for the user.
    """

    name: str
    version: str
    summary: str
    licences: tuple[str, ...]
    needs: tuple[str, ...]
    url: str
    wheel: tuple[str, str] | None
    parts: tuple[ZipEntry, ...]
    blob: str
    warnings: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """The unzipped size in bytes, bytecode included."""
        return sum(part.size for part in self.parts)

    def unpack_blob(self, blob: bytes) -> list[PackedFile]:
        """Return the parts, each with its bytes."""
        ends = accumulate(part.packed for part in self.parts)
        return [(part, blob[end - part.packed : end]) for part, end in zip(self.parts, ends, strict=True)]


BuiltPackages = dict[str, tuple[BuiltPackage, bytes]]


@dataclass(frozen=True)
class PackageBuilder:
    """The inputs that all packages of one build share. python: the target's interpreter, None without one.

    machinery: the versions of the tools. ready: key -> package that this build has read or built. scratches: temporary
    folders, which the caller closes, since removing thousands of files takes a while.
    """

    root: Path
    settings: Settings
    python: str | None
    lock: Lock
    machinery: Sequence[Any]
    cache: cache.Cache
    ready: dict[str, tuple[BuiltPackage, bytes]] = field(default_factory=dict)
    scratches: ExitStack = field(default_factory=ExitStack)

    @property
    def contents(self) -> WheelContents:
        """The digests of the contents of verified downloads."""
        return WheelContents(cache.Cache(self.cache.folder / "wheels"), self.settings.target)

    def build_packages(self, pins: Sequence[Pin]) -> BuiltPackages:
        """Return name -> package with its bytes, from the cache, or built together in one call of uv."""
        keys = {pin.name: self._key(pin) for pin in pins}
        for made_from in {*keys.values()} - {*self.ready}:
            if found := self._cached(made_from):
                self.ready[made_from] = found
        kept = {name: self.ready[made_from] for name, made_from in keys.items() if made_from in self.ready}
        lacking = [pin for pin in pins if pin.name not in kept]
        for name, (piece, blob) in (self._build(lacking, kept) if lacking else {}).items():
            self.cache.keep_bytes(blob, piece.blob)
            self.cache.keep_record(keys[name], _package_record(piece))
            self.ready[keys[name]] = piece, blob
        return {name: self.ready[made_from] for name, made_from in keys.items()}

    def _key(self, pin: Pin) -> str:
        own = cache_key.library_key(self.root / pin.url) if pin.url and (self.root / pin.url).exists() else ""
        facts = [pin.name, pin.version, pin.hashes, pin.url, own, pin.name in self.settings.build_from_source]
        chosen = self.settings
        how = [chosen.python, chosen.architecture, chosen.drop_tests, *chosen.keep]
        return cache_key.digest("piece", facts, how, self.machinery)

    def _cached(self, made_from: str) -> tuple[BuiltPackage, bytes] | None:
        record = self.cache.record(made_from)
        blob = self.cache.read(record["blob"]) if record else None
        return (_package_from_record(record), blob) if blob is not None else None

    def _has_wheel(self, pin: Pin) -> bool:
        return bool(pin.hashes) and pin.name not in self.settings.build_from_source

    def _changed_contents(self, content: Path, pins: Sequence[Pin], *, cached: bool) -> set[str]:
        """Return the packages that differ from their verified download; record those of first downloads."""
        digests = installed_contents(content, self.python or sys.executable)
        wheels = [pin for pin in pins if self._has_wheel(pin) and pin.name in digests]
        changed = {pin.name for pin in wheels if cached and self.contents.differs(pin, digests[pin.name])}
        for pin in wheels:
            if pin.name not in changed:
                self.contents.keep(pin, digests[pin.name])
        return changed

    def _build(self, pins: Sequence[Pin], kept: BuiltPackages, *, cached: bool = True) -> BuiltPackages:
        target = self.settings.target
        _check_source_builds(self.settings, pins)
        scratch = self.scratches.enter_context(self.cache.scratch())
        with ThreadPoolExecutor() as pool:
            _check_file_modes(scratch)
            content = scratch / "python"
            python = self.python or sys.executable
            allowed = self.settings.build_from_source
            downloads = self.cache.downloads if cached else None
            install(self.root, pins, target, content, python=python, allowed=allowed, downloads=downloads)
            changed = self._changed_contents(content, pins, cached=cached)
            self._prune(content, pins, kept)
            found = installed_packages(content)
            crowded = packages_sharing_files(found)
            if crowded and len(pins) > 1:
                apart = [[pin] for pin in pins if pin.name in crowded]
                together = [pin for pin in pins if pin.name not in crowded]
                makings = [self._build(some, kept, cached=cached) for some in (together, *apart) if some]
                return {name: made for each in makings for name, made in each.items()}
            files = {each.name: self.lock.files(each.name, each.version) for each in found}
            warnings = verify.verify(content, found, pins, target, files)
            compiled = pool.submit(bytecode.compile_all, self.python, content) if self.python else None
            by_name = {pin.name: pin for pin in pins}
            locked = {pin.name for pin in pins if pin.hashes}
            packed, edited = _pack_packages(found, content.parent, pool)
            for each in [each for each in found if each.name in edited and not cached]:
                if each.name not in locked:
                    raise edited[each.name]
                # The download was verified by the lock's hash, so the wheel was published with a wrong RECORD.
                packed[each.name] = _pack_files(replace(each, digests={}), each.files, content.parent, pool)
                warnings[each.name] += (f"{edited[each.name]}; the wheel is the one that the lock names",)
            if compiled:
                compiled.result()
            made: BuiltPackages = {}
            for each in [each for each in found if each.name in {*packed} - changed]:
                parts = [*packed[each.name], *_pack_files(each, each.bytecode(), content.parent, pool)]
                made[each.name] = self._describe(each, by_name[each.name], parts, warnings[each.name])
        again = [pin for pin in pins if pin.name not in made]
        return made | (self._rebuild_uncached(again, kept | made) if again else {})

    def _rebuild_uncached(self, pins: Sequence[Pin], kept: BuiltPackages) -> BuiltPackages:
        # uv does not notice an edited file in its cache, and `--refresh` returns the same file.
        try:
            return self._build(pins, kept, cached=False)
        except LayersError as error:
            names = " ".join(pin.name for pin in pins)
            told = f"{self.cache.downloads} holds other files of {names} than the wheel; remove that folder"
            raise LayersError(f"{told}. The locked ones can't be downloaded: {error}") from error

    def _prune(self, content: Path, pins: Sequence[Pin], kept: BuiltPackages) -> None:
        chosen = self.settings
        pruning = Pruning(
            drop_tests=chosen.drop_tests,
            keep=chosen.keep,
            built={pin.name for pin in pins if not pin.hashes} | chosen.build_from_source,
            python=self.python or sys.executable,
        )
        if not chosen.drop_tests:
            pruning.prune(content)
            return
        beside = content.parent / "beside"
        for piece, blob in kept.values():
            zip_archive.unpack(beside, piece.unpack_blob(blob))
        python = self.python if chosen.target.is_host else None
        with import_probe.check_still_importable(content, beside / content.name, python):
            pruning.prune(content)

    def _describe(
        self, found: InstalledPackage, pin: Pin, packed: Sequence[PackedFile], warnings: tuple[str, ...]
    ) -> tuple[BuiltPackage, bytes]:
        made = sorted(packed, key=lambda each: each[0].name)
        blob = b"".join(content for _, content in made)
        piece = BuiltPackage(
            name=found.name,
            version=found.version,
            summary=found.metadata.get("Summary", ""),
            licences=tuple(sbom.licences(found)),
            needs=tuple(sorted({*found.needs(self.settings.target)})),
            url=pin.url,
            wheel=wheel_files.installed_wheel(
                self.lock.files(found.name, found.version), found.tags, self.settings.target
            ),
            parts=tuple(part for part, _ in made),
            blob=cache.digest(blob),
            warnings=warnings,
        )
        return piece, blob


def _pack_packages(
    found: Sequence[InstalledPackage], root: Path, pool: ThreadPoolExecutor
) -> tuple[dict[str, list[PackedFile]], dict[str, RecordMismatch]]:
    """Return the deflated files of each package, and the packages whose files differ from RECORD."""
    packed: dict[str, list[PackedFile]] = {}
    edited: dict[str, RecordMismatch] = {}
    for each in found:
        try:
            packed[each.name] = _pack_files(each, each.files, root, pool)
        except RecordMismatch as error:
            edited[each.name] = error
    return packed, edited


def _pack_files(
    found: InstalledPackage, files: Sequence[Path], root: Path, pool: ThreadPoolExecutor
) -> list[PackedFile]:
    """Return files of a package, deflated, with names relative to `root`. Raises RecordMismatch."""

    above = len(f"{root}/")

    def pack(path: Path) -> PackedFile:
        return zip_archive.deflate(str(path)[above:], found.read(path), executable=_is_executable(path))

    return [*pool.map(pack, files)]


def _package_record(piece: BuiltPackage) -> dict[str, Any]:
    return {**vars(piece), "parts": [list(part) for part in piece.parts]}


def _package_from_record(record: Mapping[str, Any]) -> BuiltPackage:
    wheel = tuple(record["wheel"]) if record["wheel"] else None
    lists = {name: tuple(record[name]) for name in ("licences", "needs", "warnings")}
    return BuiltPackage(
        **{**record, **lists, "wheel": wheel, "parts": tuple(ZipEntry(*part) for part in record["parts"])}
    )


def _is_executable(path: Path) -> bool:
    return bool(path.stat().st_mode & _ANY_EXECUTE)


def _check_file_modes(folder: Path) -> None:
    """Raise WrongUse on a file system without file modes, such as a Windows drive in WSL: zips would differ."""
    probe = folder / "mode"
    probe.touch(mode=0o644)
    if _is_executable(probe):
        raise WrongUse(
            f"the file system of {folder.parent} keeps no file modes, so no layer would be the same as elsewhere; let "
            "XDG_CACHE_HOME name a folder on another one"
        )


def _check_source_builds(settings: Settings, pins: Sequence[Pin]) -> None:
    here = sorted(settings.build_from_source & {pin.name for pin in pins})
    if here and not settings.target.is_host:
        raise WrongUse(
            f"[tool.layers] build-from-source: {', '.join(here)} can be built for this machine alone, and the target "
            f"is Python {settings.python} on {settings.architecture}; build there, or take a version that has a wheel"
        )
