"""The report of what a stage's deployment would change, as a value, as JSON, as Markdown and as one line."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from cdk_delivery.changes.broadening import broadenings
from cdk_delivery.changes.layer_packages import PackageChange, package_changes
from cdk_delivery.changes.resources import KINDS, ResourceChange, resource_changes
from cdk_delivery.changes.stacks import StackComparison
from cdk_delivery.changes.traffic_shifts import TrafficShift, traffic_shifts

_CUT = " (cut)"


@dataclass(frozen=True)
class StackReport:
    """The changes of one stack. first: whether this is its first deployment."""

    name: str
    account: str
    region: str
    first: bool
    resources: Sequence[ResourceChange]
    broadenings: Sequence[str]
    packages: Sequence[PackageChange]
    traffic: Sequence[TrafficShift] = ()


@dataclass(frozen=True)
class Push:
    """The push to deploy; unknown values are empty. tests: the results of the tests in the previous environment."""

    revision: str
    message: str = ""
    authored: str = ""
    tests: str = ""

    @property
    def title(self) -> str:
        """The message's first line, without `#{`, which CodePipeline would read as a variable."""
        return self.message.partition("\n")[0].replace("#{", "# {")


@dataclass(frozen=True)
class Report:
    """The changes of one environment."""

    environment: str
    push: Push
    stacks: Sequence[StackReport]

    @property
    def broadenings(self) -> Sequence[str]:
        """The new permissions in all stacks; empty for an environment that was never deployed."""
        if all(stack.first for stack in self.stacks):
            return []
        return [f"{stack.name}: {broadening}" for stack in self.stacks for broadening in stack.broadenings]

    def as_json(self) -> str:
        """Return the contents of changes.json."""
        return json.dumps({**asdict(self), "counted_broadenings": self.broadenings}, indent=2) + "\n"

    def summary(self, length: int) -> str:
        """Return one line of at most `length` characters; if they are few, new permissions come first."""
        revision, title, counts = self.push.revision[:8], self.push.title[:120], _counts(self.stacks)
        broader = [f"IAM or security groups broaden in {_places(len(self.broadenings))}"] if self.broadenings else []
        packages = [str(package) for stack in self.stacks for package in stack.packages]
        rest = [f"packages: {', '.join(packages)}"] if packages else []
        rest += [f"tests before: {self.push.tests}"] if self.push.tests else []
        text = _line(f"{revision} {title}", counts, *broader, *rest)
        if len(text) > length:
            text = _line(revision, *broader, counts, title, *rest)
        if len(text) > length:
            text = text[: length - len(_CUT)].rstrip("; ") + _CUT
        return text

    def as_markdown(self) -> str:
        """Return the contents of changes.md."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield f"# {self.environment}: what would change"
        yield ""
        yield f"- revision: {self.push.revision}"
        for name, value in (("message", self.push.title), ("authored on", self.push.authored)):
            if value:
                yield f"- {name}: {value}"
        yield f"- tests of the environment before: {self.push.tests or 'none'}"
        for stack in self.stacks:
            yield from _stack_lines(stack)


def report(
    environment: str, push: Push, compared: Sequence[StackComparison], replacing: Mapping[str, Collection[str]]
) -> Report:
    """Compare every stack of an environment with what is deployed."""
    return Report(environment, push, [_stack(comparison, replacing) for comparison in compared])


def _stack(compared: StackComparison, replacing: Mapping[str, Collection[str]]) -> StackReport:
    old, new = compared.deployed_template or {}, compared.stack.template
    return StackReport(
        name=compared.stack.name,
        account=compared.stack.account,
        region=compared.stack.region,
        first=compared.deployed_template is None,
        resources=list(resource_changes(old, new, replacing)),
        broadenings=broadenings(old, new),
        packages=list(package_changes(old, new)),
        traffic=list(traffic_shifts(old, new)),
    )


def _line(*parts: str) -> str:
    return re.sub(r"\s+", " ", "; ".join(parts))


def _places(number: int) -> str:
    return "1 place" if number == 1 else f"{number} places"


def _counts(stacks: Sequence[StackReport]) -> str:
    counted = Counter(change.kind for stack in stacks for change in stack.resources)
    return ", ".join(f"{counted[kind]} {kind}" for kind in KINDS if counted[kind]) or "no resource changes"


def _stack_lines(stack: StackReport) -> Iterator[str]:
    yield ""
    yield f"## {stack.name} in {stack.account}/{stack.region}"
    yield ""
    yield "The first deployment." if stack.first else f"{_counts([stack])}."
    for change in stack.resources:
        yield f"- {change.kind}: {change.id} ({change.type}) {', '.join(change.properties)}".rstrip()
    sections = (("Broadens", stack.broadenings), ("Packages", stack.packages), ("Traffic", stack.traffic))
    for heading, lines in sections:
        if lines:
            yield from ("", f"### {heading}", "", *(f"- {line}" for line in lines))
