"""Compare another version of MiniStack with the installed one: `python -m rehearsal.emulator.ministack.compare 1.5.34`.

Run it in the package's folder (`make ministack`). It prints the differences of the functions that this package patches
or uses, and runs the tests that show the faults with the other version.
Exit codes: 0 no difference, 1 a difference, 2 wrong arguments, or the other version cannot be installed.
"""

from __future__ import annotations

import difflib
import json
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version as installed_version
from pathlib import Path

from rehearsal.emulator.ministack import patches
from rehearsal.emulator.ministack.used_names import used_names
from rehearsal.host.checked_command import CommandFailed, run_checked

Sources = Mapping[str, str | None]

FAULTS = {correction.test: correction.fault for correction in patches.CORRECTIONS}


class NotComparable(Exception):
    """The other version could not be installed, or the tests could not be run with it."""


@dataclass(frozen=True)
class Changes:
    """Names of functions whose source differs, and names that the other version does not have."""

    changed: Sequence[str]
    removed: Sequence[str]

    @classmethod
    def between(cls, before: Sources, after: Sources, names: Iterable[str]) -> Changes:
        known = sorted(name for name in names if before[name] is not None)
        removed = [name for name in known if after[name] is None]
        return cls([name for name in known if after[name] not in (before[name], None)], removed)

    def summary(self, what: str) -> str:
        lines = [f"{len(self.changed)} {what} changed, {len(self.removed)} removed"]
        return "\n".join([*lines, *(f"  removed: {name}" for name in self.removed)])


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1 or not re.fullmatch(r"\d+(\.\w+)*", arguments[0]):
        print(
            f"expected one version, such as 1.5.34, got {' '.join(arguments) or 'none'}: make ministack VERSION=1.5.34"
        )
        return 2
    with tempfile.TemporaryDirectory(prefix="ministack-") as folder:
        try:
            python = install(arguments[0], Path(folder))
        except NotComparable as error:
            print(error)
            return 2
        return compare(arguments[0], python)


def compare(version: str, python: Path) -> int:
    """Print the differences between the installed MiniStack and the one of `python`; return the exit code."""
    targets = {patch.target for correction in patches.CORRECTIONS for patch in correction.patches}
    used = used_names() - targets
    before, after = sources(sys.executable, targets | used), sources(str(python), targets | used)
    patched, others = Changes.between(before, after, targets), Changes.between(before, after, used)
    for name in (*patched.changed, *others.changed):
        print(difference(name, before[name] or "", after[name] or ""))
    tests = fault_summary(python)
    print(f"MiniStack {version}, compared with {installed_version('ministack')}:")
    print(patched.summary("patched functions"), others.summary("used names"), *tests, sep="\n")
    return 1 if any((patched.changed, patched.removed, others.changed, others.removed, tests[1:])) else 0


def install(version: str, folder: Path) -> Path:
    """Create an environment in which a version of MiniStack precedes the installed packages; return its interpreter."""
    uv, python = shutil.which("uv"), folder / "bin" / "python"
    if uv is None:
        raise NotComparable("uv is not installed: `make setup` installs it into .tools/bin")
    _run(uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
    # With boto3, so that uv chooses the boto3 that fits the botocore of this version of MiniStack.
    _run(uv, "pip", "install", "--quiet", "--python", str(python), f"ministack=={version}", "boto3")
    site = folder / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    (site / "installed.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    return python


def _run(*command: str, message: str = "") -> str:
    try:
        return run_checked(command, message=message.encode())
    except CommandFailed as error:
        raise NotComparable(error.output) from error


def sources(python: str, names: Iterable[str]) -> Sources:
    """Return the sources of functions in the MiniStack of an interpreter."""
    text = _run(python, "-m", "rehearsal.emulator.ministack.sources", message=json.dumps(sorted(names)))
    result: Sources = json.loads(text)
    return result


def difference(name: str, before: str, after: str) -> str:
    """Return the unified difference of two sources."""
    texts = (before.splitlines(keepends=True), after.splitlines(keepends=True))
    return "".join(difflib.unified_diff(*texts, f"installed {name}", f"other {name}"))


def fault_summary(python: Path) -> list[str]:
    """Run the tests that show the faults; return a summary line, then one line for each failed test."""
    try:
        failed = failed_tests(python, sorted(FAULTS))
    except NotComparable as error:
        return ["the tests that show the faults could not be run:", f"  {error}"]
    lines = [f"  {test}: {FAULTS[test]}" for test in failed]
    return [f"{len(failed)} faults fixed upstream, or their tests broke", *lines]


def failed_tests(python: Path, tests: Sequence[str]) -> list[str]:
    """Run tests with an interpreter, print pytest's output, and return the failed ones.

    Raises NotComparable where pytest fails for another reason.
    """
    command = [str(python), "-m", "pytest", "--quiet", "-p", "no:cacheprovider", "--tb=short", *tests]
    process = subprocess.run(command, check=False, capture_output=True, text=True)
    failed = {failure[1] for failure in re.finditer(r"^(?:FAILED|ERROR) ([^\s\[]+)", process.stdout, re.MULTILINE)}
    if process.returncode:
        print(process.stdout)
    if process.returncode and not failed & {*tests}:
        raise NotComparable(f"pytest ended with exit code {process.returncode}")
    return sorted(failed & {*tests})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
