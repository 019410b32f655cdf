"""The build of each locked package, once for all layers: install, prune, verify, compile and deflate."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from lambda_layers.builder import bytecode, cache, cache_key, import_probe, sbom, verify, zip_archive
from lambda_layers.builder.built_package import BuiltPackage, from_record
from lambda_layers.builder.extent import Extent
from lambda_layers.builder.installed import InstalledPackage, RecordMismatch, installed_packages, packages_sharing_files
from lambda_layers.builder.packing import PackedFiles, Packer
from lambda_layers.builder.pruning import Pruning
from lambda_layers.builder.uv_install import install
from lambda_layers.builder.wheel_contents import WheelContents, installed_contents
from lambda_layers.builder.zip_archive import ZipEntry
from lambda_layers.errors import LayersError, WrongUse
from lambda_layers.locks import wheel_files
from lambda_layers.locks.graph import Lock
from lambda_layers.locks.pin import Pin
from lambda_layers.settings import Settings

BuiltPackages = dict[str, BuiltPackage]


@dataclass(frozen=True)
class PackageBuilder:
    """The inputs that all packages of one build share. python: the target's interpreter, None without one.

    tool_versions: the versions of the tools. ready: key -> package that this build has read or built. scratches:
    temporary folders, which the caller closes, since removing thousands of files takes a while.
    """

    root: Path
    settings: Settings
    python: str | None
    lock: Lock
    tool_versions: Sequence[object]
    cache: cache.Cache
    ready: dict[str, BuiltPackage] = field(default_factory=dict)
    scratches: ExitStack = field(default_factory=ExitStack)

    @property
    def contents(self) -> WheelContents:
        """The digests of the contents of verified downloads."""
        return WheelContents(cache.Cache(self.cache.folder / "wheels"), self.settings.target)

    def build_packages(self, pins: Sequence[Pin]) -> BuiltPackages:
        """Return name -> package, from the cache, or built together in one call of uv."""
        keys = {pin.name: self._key(pin) for pin in pins}
        for key in {*keys.values()} - {*self.ready}:
            if package := self._cached(key):
                self.ready[key] = package
        ready = {name: self.ready[key] for name, key in keys.items() if key in self.ready}
        missing = [pin for pin in pins if pin.name not in ready]
        for name, package in (self._build(missing, ready) if missing else {}).items():
            self.cache.keep_record(keys[name], package.record())
            self.ready[keys[name]] = package
        return {name: self.ready[key] for name, key in keys.items()}

    def packed_files(self, package: BuiltPackage) -> Iterator[tuple[ZipEntry, Extent]]:
        """Yield the files of a package as a zip holds them, each with the place of its bytes."""
        return package.packed_files(self.cache.file(package.blob))

    def _key(self, pin: Pin) -> str:
        chosen = self.settings
        is_local = pin.url and (self.root / pin.url).exists()
        content = cache_key.library_key(self.root / pin.url) if is_local else ""
        identity = [pin.name, pin.version, pin.hashes, pin.url, content, pin.name in chosen.build_from_source]
        options = [chosen.python, chosen.architecture, chosen.drop_tests, *chosen.keep]
        return cache_key.digest("package", identity, options, self.tool_versions)

    def _cached(self, key: str) -> BuiltPackage | None:
        record = self.cache.record(key)
        return from_record(record) if record and self.cache.has(record["blob"]) else None

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

    def _build(self, pins: Sequence[Pin], ready: BuiltPackages, *, cached: bool = True) -> BuiltPackages:
        """Install packages together, and build each. ready: packages that these may need. cached: use uv's cache."""
        _check_source_builds(self.settings, pins)
        scratch = self.scratches.enter_context(self.cache.scratch())
        content = self._install(pins, scratch, cached=cached)
        changed = self._changed_contents(content, pins, cached=cached)
        self._prune(content, pins, ready)
        installed = installed_packages(content)
        sharing = packages_sharing_files(installed)
        if sharing and len(pins) > 1:
            return self._build_separately(pins, sharing, ready, cached=cached)
        warnings = verify.verify(content, installed, pins, self.settings.target, self._locked_files(installed))
        by_name = {pin.name: pin for pin in pins}
        unchanged = [package for package in installed if package.name not in changed]
        built: BuiltPackages = {}
        for package, packed, record_warnings in self._pack(content, unchanged, by_name, cached=cached):
            name = package.name
            built[name] = self._describe(package, by_name[name], packed, (*warnings[name], *record_warnings))
        differing = [pin for pin in pins if pin.name not in built]
        return built | (self._rebuild_uncached(differing, ready | built) if differing else {})

    def _install(self, pins: Sequence[Pin], scratch: Path, *, cached: bool) -> Path:
        _check_file_modes(scratch)
        install(
            self.root,
            pins,
            self.settings.target,
            scratch / "python",
            python=self.python or sys.executable,
            allowed=self.settings.build_from_source,
            downloads=self.cache.downloads if cached else None,
        )
        return scratch / "python"

    def _locked_files(self, installed: Sequence[InstalledPackage]) -> dict[str, Mapping[str, str]]:
        return {package.name: self.lock.files(package.name, package.version) for package in installed}

    def _pack(
        self, content: Path, packages: Sequence[InstalledPackage], pins: Mapping[str, Pin], *, cached: bool
    ) -> Iterator[tuple[InstalledPackage, PackedFiles, tuple[str, ...]]]:
        """Yield each package with its files, which are cached, and warnings.

        Skips packages from uv's cache that differ from their RECORD, because they are downloaded again.
        """
        scratch = content.parent
        compiled = bytecode.compile_all(self.python, content, scratch) if self.python else {}
        with ThreadPoolExecutor() as pool:
            packer = Packer(compiled, scratch, pool)
            for package in packages:
                try:
                    packed, warnings = packer.pack(package, verified=not cached and bool(pins[package.name].hashes))
                except RecordMismatch:
                    if not cached:
                        raise
                    continue
                self.cache.keep_moved(packed.blob, packed.digest)
                yield package, packed, warnings

    def _build_separately(
        self, pins: Sequence[Pin], sharing: Set[str], ready: BuiltPackages, *, cached: bool
    ) -> BuiltPackages:
        """Build packages that share a file in separate folders, and the others together. sharing: their names."""
        others = [pin for pin in pins if pin.name not in sharing]
        built = self._build(others, ready, cached=cached) if others else {}
        for pin in pins:
            if pin.name in sharing:
                built |= self._build([pin], ready, cached=cached)
        return built

    def _rebuild_uncached(self, pins: Sequence[Pin], ready: BuiltPackages) -> BuiltPackages:
        # uv does not notice an edited file in its cache, and `--refresh` returns the same file.
        try:
            return self._build(pins, ready, cached=False)
        except LayersError as error:
            names = " ".join(pin.name for pin in pins)
            problem = f"{self.cache.downloads} holds other files of {names} than the wheel; remove that folder"
            raise LayersError(f"{problem}. The locked ones can't be downloaded: {error}") from error

    def _prune(self, content: Path, pins: Sequence[Pin], ready: BuiltPackages) -> None:
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
        dependencies = content.parent / "dependencies"
        for package in ready.values():
            zip_archive.unpack(dependencies, self.packed_files(package))
        python = self.python if chosen.target.is_host else None
        with import_probe.check_still_importable(content, dependencies / content.name, python):
            pruning.prune(content)

    def _describe(
        self, installed: InstalledPackage, pin: Pin, packed: PackedFiles, warnings: tuple[str, ...]
    ) -> BuiltPackage:
        locked = self.lock.files(installed.name, installed.version)
        return BuiltPackage(
            name=installed.name,
            version=installed.version,
            summary=installed.metadata.get("Summary", ""),
            licences=tuple(sbom.licences(installed)),
            needs=tuple(sorted({*installed.needs(self.settings.target)})),
            url=pin.url,
            wheel=wheel_files.installed_wheel(locked, installed.tags, self.settings.target),
            parts=packed.parts,
            blob=packed.digest,
            warnings=warnings,
        )


def _is_executable(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IXUSR)


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
