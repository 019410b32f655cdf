"""Test reports in JUnit's XML format.

Sources: AWS CodeBuild user guide, "Build specification reference" (reports) and "Test report statuses".
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree as ET

from rehearsal.codebuild import file_patterns
from rehearsal.codebuild.build_log import BuildLog
from rehearsal.codebuild.buildspec import Report
from rehearsal.codebuild.model import TestReport


def collect(
    declared: Mapping[str, Report], *, source: Path, env: Mapping[str, str], keep: Path, log: BuildLog
) -> tuple[TestReport, ...]:
    """Read the files of every report group, copy them to the folder `keep`, and return and log each group's result."""
    reports = []
    for name, report in declared.items():
        group = file_patterns.expand_variables(name, env).rpartition("/")[2]
        files = [
            found
            for base in file_patterns.bases(source, report.base_directory, env)
            for found in file_patterns.files(base, report.files, env)
        ]
        for each in files:
            target = keep / group / (each.path.name if report.discard_paths else each.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(each.path, target)
        read = _read(group, report.file_format, [each.path for each in files])
        result = replace(read, failed_names=tuple(map(log.masked, read.failed_names)), problem=log.masked(read.problem))
        log.say(f"Report {result.summary()}")
        reports.append(result)
    return tuple(reports)


def _read(group: str, file_format: str, files: list[Path]) -> TestReport:
    if not files:
        return TestReport(group, "INCOMPLETE", problem="no report files found")
    if file_format != "JUNITXML":
        problem = f"{len(files)} files of {file_format}, which is not read here"
        return TestReport(group, "INCOMPLETE", problem=problem)
    counts: Counter[str] = Counter()
    failed: list[str] = []
    for file in files:
        try:
            for name, outcome in _cases(file):
                counts[outcome] += 1
                if outcome == "failed":
                    failed.append(name)
        except ET.ParseError as error:
            return TestReport(group, "INCOMPLETE", problem=f"{file.name} is not JUnit XML ({error})")
    status: Literal["SUCCEEDED", "FAILED"] = "FAILED" if failed else "SUCCEEDED"
    return TestReport(group, status, counts["passed"], counts["skipped"], tuple(failed))


def _cases(file: Path) -> Iterator[tuple[str, str]]:
    """Yield (name, result) of every test case; the result is passed, failed or skipped."""
    # Not a security risk: the build's own tests wrote the file, and expat limits the expansion of entities.
    for case in ET.parse(file).iter("testcase"):  # noqa: S314
        name = ".".join(part for part in (case.get("classname"), case.get("name")) if part)
        children = {child.tag for child in case}
        yield name, "failed" if children & {"failure", "error"} else "skipped" if "skipped" in children else "passed"
