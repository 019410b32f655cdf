"""Test reports in JUnit's XML format: every test case, for CodeBuild's report groups.

cdk_delivery.changes.test_summary reads such files too, but only the counts; the two wheels share no code.
Sources: AWS CodeBuild user guide, "Build specification reference" (reports) and "Test report statuses".
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

from rehearsal.codebuild import file_patterns
from rehearsal.codebuild.build_log import BuildLog
from rehearsal.codebuild.buildspec import Report
from rehearsal.codebuild.file_patterns import MatchedFile, Reach
from rehearsal.codebuild.model import CaseStatus, TestCase, TestReport

LONGEST_MESSAGE = 2_000


def collect(
    declared: Mapping[str, Report], *, source: Path, env: Mapping[str, str], keep: Path, log: BuildLog, reach: Reach
) -> tuple[TestReport, ...]:
    """Read the files of every report group, copy them to the folder `keep`, and return and log each group's result."""
    reports = []
    for name, report in declared.items():
        named = file_patterns.expand_variables(name, env)
        group = named.rpartition("/")[2]
        files = [
            file
            for base in file_patterns.bases(source, report.base_directory, env)
            for file in file_patterns.files(base, report.files, env)
            if reach.has(file)
        ]
        _copy(files, keep / group, discard_paths=report.discard_paths)
        result = _masked(_read(group, report.file_format, files), log)
        log.say(f"Report {result.summary()}")
        reports.append(replace(result, group_arn=named if named.startswith("arn:") else ""))
    return tuple(reports)


def _copy(files: Iterable[MatchedFile], folder: Path, *, discard_paths: bool) -> None:
    for file in files:
        target = folder / (file.path.name if discard_paths else file.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file.path, target)


def _masked(report: TestReport, log: BuildLog) -> TestReport:
    """Return the report with the build's secrets masked, as in its log."""
    cases = [replace(case, name=log.masked(case.name), message=log.masked(case.message)) for case in report.cases]
    return replace(report, cases=tuple(cases), problem=log.masked(report.problem))


def _read(group: str, file_format: str, files: Sequence[MatchedFile]) -> TestReport:
    if not files:
        return TestReport(group, "INCOMPLETE", problem="no report files found")
    if file_format != "JUNITXML":
        problem = f"{len(files)} files of {file_format}, which is not read here"
        return TestReport(group, "INCOMPLETE", problem=problem)
    cases: list[TestCase] = []
    for file in files:
        try:
            cases += _cases(file.path, file.name)
        except ET.ParseError as error:
            return TestReport(group, "INCOMPLETE", problem=f"{file.path.name} is not JUnit XML ({error})")
    failed = any(case.status in ("FAILED", "ERROR") for case in cases)
    return TestReport(group, "FAILED" if failed else "SUCCEEDED", tuple(cases))


def _cases(path: Path, name: str) -> Iterator[TestCase]:
    """Yield every test case of a file, with its suite."""
    # Not a security risk: the build's own tests wrote the file, and expat limits the expansion of entities.
    root = ET.parse(path).getroot()  # noqa: S314
    for suite in root.iter():
        for case in suite.findall("testcase"):
            status, message = _outcome(case)
            yield TestCase(
                name=case.get("name", ""),
                prefix=case.get("classname", ""),
                suite=suite.get("name", ""),
                file=name,
                status=status,
                seconds=_seconds(case.get("time", "")),
                message=message,
            )


def _outcome(case: ET.Element) -> tuple[CaseStatus, str]:
    outcomes: tuple[tuple[str, CaseStatus], ...] = (("error", "ERROR"), ("failure", "FAILED"), ("skipped", "SKIPPED"))
    for tag, status in outcomes:
        if (element := case.find(tag)) is not None:
            return status, (element.get("message") or (element.text or "").strip())[:LONGEST_MESSAGE]
    return "SUCCEEDED", ""


def _seconds(text: str) -> float:
    try:
        return max(float(text), 0.0)
    except ValueError:
        return 0.0
