"""The report of a deployment's changes, in full and in one line."""

import json
from typing import Any

from cdk_delivery.changes.report import Push, Report, report
from cdk_delivery.changes.stacks import Deployed, Stack, StackComparison

POLICY = {"PolicyDocument": {"Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}}
REPLACING = {"AWS::SQS::Queue": ["QueueName"]}
PUSH = Push("0123456789abcdef", message='say "hello" to #{everybody}\n\nbody', tests="5 passed, 0 failed, 0 skipped")


def queue(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


def layer(**versions: str) -> dict[str, Any]:
    return {"Type": "AWS::Lambda::LayerVersion", "Metadata": {"packages": {"layer": "shared", "versions": versions}}}


def made(old: dict[str, Any] | None, new: dict[str, Any], push: Push = PUSH) -> Report:
    """Return the report for one stack."""
    stack = Stack("Prod-Shop", "333333333333", "eu-west-1", "role", {"Resources": new})
    return report(
        "prod", push, [StackComparison(stack, None if old is None else Deployed({"Resources": old}))], REPLACING
    )


def test_each_change_is_of_one_kind() -> None:
    """A replaced resource is not also added or removed; it is marked, since its data is lost."""
    old = {"a": queue(VisibilityTimeout=1), "b": queue(QueueName="b"), "c": queue(), "d": queue()}
    new = {"a": queue(VisibilityTimeout=2), "b": queue(QueueName="bb"), "c": queue(), "e": queue()}
    (stack,) = made(old, new).stacks
    assert [(change.kind, change.id, change.properties) for change in stack.resources] == [
        ("changed", "a", ("VisibilityTimeout",)),
        ("replaced", "b", ("QueueName",)),
        ("added", "e", ()),
        ("removed", "d", ()),
    ]


def test_a_change_of_metadata_is_not_a_change() -> None:
    """CloudFormation ignores metadata, and so does the report."""
    (stack,) = made({"a": queue()}, {"a": {**queue(), "Metadata": {"aws:cdk:path": "x"}}}).stacks
    assert stack.resources == []


def test_a_new_version_of_a_package_is_reported() -> None:
    """Package versions are read from the metadata of the layers."""
    (stack,) = made({"l": layer(pydantic="2.1", old="1")}, {"l": layer(pydantic="2.2")}).stacks
    assert [str(package) for package in stack.packages] == ["shared: old 1 -> none", "shared: pydantic 2.1 -> 2.2"]


def test_the_first_deployment_broadens_nothing() -> None:
    """The first stack of an environment broadens nothing; a new stack next to a deployed one can."""
    new = {"p": {"Type": "AWS::IAM::ManagedPolicy", "Properties": POLICY}}
    assert made(None, new).broadenings == []
    assert made({}, new).broadenings == ["Prod-Shop: p: sqs:* on *"]


def test_the_summary_fits_into_an_approval() -> None:
    """It is one line, without `#{`, which CodePipeline would read as a variable."""
    summary = made({"a": queue()}, {"b": queue(), "l": layer(pydantic="2")}).summary(700)
    assert summary == (
        '01234567 say "hello" to # {everybody}; 2 added, 1 removed; packages: shared: pydantic none -> 2;'
        " tests before: 5 passed, 0 failed, 0 skipped"
    )
    many = layer(**{f"package{number}": "1" for number in range(100)})
    cut = made({}, {"l": many}).summary(700)
    assert cut.endswith(" (cut)")
    assert 690 < len(cut) <= 700


def test_a_short_summary_begins_with_the_broadening() -> None:
    """A summary of about 50 characters, as in a wave of twelve, begins with the broadening."""
    new = {"p": {"Type": "AWS::IAM::ManagedPolicy", "Properties": POLICY}}
    assert made({}, new).summary(59) == "01234567; IAM or security groups broaden in 1 place (cut)"


def test_programs_read_all_of_it() -> None:
    """changes.json has everything that changes.md has."""
    found = json.loads(made({"a": queue()}, {"b": queue()}).as_json())
    assert found["push"]["revision"] == PUSH.revision
    assert found["stacks"][0]["resources"][0] == {
        "kind": "added",
        "id": "b",
        "type": "AWS::SQS::Queue",
        "properties": [],
    }


def test_traffic_has_a_section() -> None:
    """changes.md, which the console shows at the approval, has a section on traffic."""
    old, new = ({"a": {"Type": "AWS::Lambda::Alias", "Properties": {"FunctionVersion": v}}} for v in ("1", "2"))
    text = made(old, new).as_markdown()
    assert "### Traffic\n\n- a: all at once\n" in text


def test_people_read_all_of_it() -> None:
    """changes.md has the heading `Broadens`, which a reviewer looks for first."""
    new = {"p": {"Type": "AWS::IAM::ManagedPolicy", "Properties": POLICY}}
    text = made({}, new).as_markdown()
    assert "### Broadens\n\n- p: sqs:* on *\n" in text
    assert "- tests of the environment before: 5 passed" in text
