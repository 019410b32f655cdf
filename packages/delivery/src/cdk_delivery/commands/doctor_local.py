"""The checks of `doctor` on this machine: settings, versions, and quotas of the synthesized assembly."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from cdk_delivery import lockfile
from cdk_delivery.cloud_assembly import is_assembly, schema_version
from cdk_delivery.commands.doctor_rows import Row, State
from cdk_delivery.constructs.tool_pins import Pins
from cdk_delivery.gates.accepted_vulnerabilities import read as read_exceptions
from cdk_delivery.quotas import quota_usages
from cdk_delivery.settings.model import Delivery
from cdk_delivery.settings.placeholders import is_placeholder, placeholders

LIBRARY = "aws-cdk-lib"


def settings_rows[OptionsT](delivery: Delivery[OptionsT], *, reached: bool, page: str) -> Iterator[Row]:
    """Yield a row for each placeholder, which is a fault everywhere but in a rehearsal.

    reached: whether the credentials are those of the pipeline's account. Only in a rehearsal can this be a placeholder.
    page: the page of the project that says how to go live.
    """
    fault: State = "ok" if reached and is_placeholder(delivery.account) else "red"
    lines = list(placeholders(delivery, page=page))
    for line in lines:
        where, _, finding = line.partition(": ")
        yield Row(where, fault, finding, "edit cdk.json")
    if not lines:
        yield Row("settings", "ok", "no placeholder is left")
    if delivery.permissions_boundary:
        yield Row("permissions boundary", "ok", "on")
    else:
        yield Row("permissions boundary", fault, "off", "set permissions_boundary in cdk.json to true")


def vulnerability_rows[OptionsT](root: Path, delivery: Delivery[OptionsT]) -> Iterator[Row]:
    """Yield whether the gate of known vulnerabilities fails without its database, as it has to on AWS."""
    setting = read_exceptions(root).on_unreachable
    state: State = "red" if setting == "warn" and not is_placeholder(delivery.account) else "ok"
    fix = 'set on-unreachable = "fail" in pyproject.toml [tool.dependency-gate]'
    yield Row("known vulnerabilities, unreachable database", state, setting, fix)


def version_rows(root: Path) -> Iterator[Row]:
    """Yield whether the CLI, cdk-assets and the library are as pinned, and whether cdk-assets reads the assembly."""
    pins = Pins.read(root / "package.json")
    for package, pinned in (("aws-cdk", pins.cdk), ("cdk-assets", pins.cdk_assets)):
        file = root / "node_modules" / package / "package.json"
        installed = json.loads(file.read_text())["version"] if file.exists() else "not installed"
        yield Row(f"{package} {pinned}", "ok" if installed == pinned else "red", installed, "make setup")
    yield _library_row(root / lockfile.of_project(root).name)
    assembly = root / "cdk.out"
    bundle = root / "node_modules" / "cdk-assets" / "bin" / "cdk-assets.js"
    if not is_assembly(assembly) or not bundle.exists():
        yield Row("assembly", "unknown", "there is none in cdk.out", "make synth")
        return
    written = schema_version(assembly)
    read = max(map(int, re.findall(r"schemaHash: .*\n.*\n\s+revision: (\d+)", bundle.read_text())), default=0)
    installed = f"version {written}; cdk-assets reads up to {read}"
    yield Row("assembly", "ok" if written <= read else "red", installed, "pin a newer cdk-assets in package.json")


def _library_row(lock: Path) -> Row:
    packages = tomllib.loads(lock.read_text())["package"] if lock.exists() else []
    locked = next((package["version"] for package in packages if package["name"] == LIBRARY), f"in no {lock.name}")
    installed = version(LIBRARY)
    return Row(f"{LIBRARY} {locked}", "ok" if installed == locked else "red", installed, "make setup")


def quota_rows(root: Path) -> Iterator[Row]:
    """Yield each exceeded quota; without any, the one with the highest usage."""
    usages = quota_usages(root / "cdk.out")
    if not usages:
        yield Row("quotas", "unknown", "there is no assembly in cdk.out", "make synth")
    for usage in usages:
        if usage.exceeded:
            yield Row(f"quota: {usage.what}", "red", f"{usage.used} of {usage.allowed}", usage.remedy)
    if usages and not any(usage.exceeded for usage in usages):
        nearest = max(usages, key=lambda usage: usage.used / usage.allowed)
        yield Row("quotas", "ok", f"nearest: {nearest.what}, {nearest.used} of {nearest.allowed}")
