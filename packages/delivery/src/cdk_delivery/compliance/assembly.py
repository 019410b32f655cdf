"""The rules' results in a cloud assembly: the packs that ran, their findings, and the acknowledgements."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NotRequired, TypedDict

from cdk_delivery.cloud_assembly import stack_artifacts, template_files
from cdk_delivery.compliance.template import Template

PACKS = ("AwsSolutions", "Serverless", "NIST.800.53.R5")


@dataclass(frozen=True, order=True)
class Acknowledgement:
    """One finding accepted on one construct."""

    path: str
    rule: str


class Violation(TypedDict):
    ruleName: str


class SuppressedViolation(TypedDict):
    acknowledgedAt: str
    acknowledgedId: str


class PluginReport(TypedDict):
    """The findings of one rule pack."""

    pluginName: str
    suppressedViolations: NotRequired[list[SuppressedViolation]]
    violations: list[Violation]


class ValidationReport(TypedDict):
    """CDK's validation-report.json."""

    pluginReports: list[PluginReport]


@dataclass(frozen=True)
class Assembly:
    """A synthesized cloud assembly, `cdk.out`."""

    folder: Path

    def packs(self) -> frozenset[str]:
        """Return the rule packs in the report."""
        return frozenset(plugin["pluginName"] for plugin in self._plugins())

    def violations(self) -> list[str]:
        """Return the findings that are not accepted."""
        return [violation["ruleName"] for plugin in self._plugins() for violation in plugin["violations"]]

    def acknowledged(self) -> frozenset[Acknowledgement]:
        """Return the acceptances in the code of the app."""
        return frozenset(self._acknowledged())

    def stale(self) -> list[Acknowledgement]:
        """Return the acknowledgements that suppress no finding; cdk-nag does not report them."""
        live = {
            Acknowledgement(suppressed["acknowledgedAt"], suppressed["acknowledgedId"])
            for plugin in self._plugins()
            for suppressed in plugin.get("suppressedViolations", [])
        }
        return sorted(self.acknowledged() - live)

    def templates(self) -> list[Template]:
        """Return every template, those of the nested assemblies too."""
        return [Template.read(file) for file in template_files(self.folder)]

    def _plugins(self) -> list[PluginReport]:
        report: ValidationReport = json.loads((self.folder / "validation-report.json").read_text())
        return report["pluginReports"]

    def _acknowledged(self) -> Iterator[Acknowledgement]:
        for file in filter(None, (stack.metadata for stack in stack_artifacts(self.folder))):
            for path, entries in json.loads(file.read_text()).items():
                for entry in entries:
                    if entry["type"] == "aws:cdk:acknowledged-rules":
                        yield from (Acknowledgement(path.removeprefix("/"), rule) for rule in entry["data"])
