"""The page of functions, and manual invocations."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from pipeline_console.errors import Problem, ReadFailed
from pipeline_console.pages.site import Options
from pipeline_console.reads import functions as reads
from tests.conftest import Console
from tests.fake_aws import FakeAws
from tests.functions import BASKET, serve_functions
from tests.pipelines import Pipeline, green


@pytest.fixture
def invoked(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """The manual invocations of the only function that a pipeline deploys."""
    return serve_functions(aws, Pipeline(green()).serve(aws), monkeypatch)


@pytest.mark.usefixtures("invoked")
def test_weights_calls_errors_and_cold_starts_are_shown(console: Console) -> None:
    """The page shows weights, invocations, errors and cold starts of each function."""
    page = console.get("/functions").text
    for text in (
        "version 7 90%",
        "version 8 10%",
        'width="90.0"',
        "40 calls",
        "2 errors",
        "380 ms",
        "cold starts: 1 of 2 calls",
    ):
        assert text in page


@pytest.mark.usefixtures("invoked")
def test_a_stack_that_may_not_be_read_names_the_permission(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is shown without access to a stack, and names the missing permission."""

    def names(*_: object) -> list[str]:
        raise ReadFailed(Problem("denied", "cloudformation:ListStackResources", "denied"))

    monkeypatch.setattr(reads, "names", names)
    answer = console.get("/functions")
    assert (answer.status, "Missing permission: <code>cloudformation:ListStackResources" in answer.text) == (200, True)


class TestInvoke:
    """Manual invocations with the project's events."""

    @pytest.fixture
    def options(self, tmp_path: Path) -> Options:
        """The options of a console with one event."""
        (tmp_path / "order.json").write_text('{"order": 1}')
        return Options(invoke=True, events=tmp_path)

    def test_a_function_is_invoked_with_an_event_of_the_project(
        self, console: Console, invoked: list[tuple[object, ...]]
    ) -> None:
        """A function is invoked with the project's event or a typed one, and its response is shown as text."""
        path = "/functions/222222222222/eu-west-1/basket/invoke"
        assert "order.json" in console.get("/functions").text
        page = console.post(path, qualifier="live", file="order.json").text
        console.post(path, qualifier="7", file="order.json", event="[2]")
        where = ("222222222222", "eu-west-1")
        assert invoked == [(where, "basket", "live", '{"order": 1}'), (where, "basket", "7", "[2]")]
        assert "&lt;b&gt;" in page

    def test_an_action_without_a_role_deploys_to_the_pipelines_account(
        self, aws: FakeAws, console: Console, invoked: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Functions of an action without a role are invoked in the pipeline's account."""
        definition = Pipeline(green()).definition()
        definition["stages"][2]["actions"][0]["configuration"] = {"StackName": "Dev-Shop"}
        aws.operations["codepipeline:GetPipeline"] = lambda _: {"pipeline": definition}
        place = dataclasses.replace(BASKET.place, account="")
        monkeypatch.setattr(reads, "read", lambda *_: dataclasses.replace(BASKET, place=place))
        action = re.search(r'action="([^"]+/invoke)"', console.get("/functions").text)
        assert action
        assert console.post(action[1], qualifier="live", event="{}").status == 200
        assert invoked == [(("", "eu-west-1"), "basket", "live", "{}")]

    @pytest.mark.gate
    def test_only_deployed_functions_are_invoked(self, console: Console, invoked: list[tuple[object, ...]]) -> None:
        """Other accounts, regions and functions, and events that are not JSON, are rejected."""
        assert console.post("/functions/999999999999/eu-west-1/basket/invoke", event="{}").status == 404
        assert console.post("/functions/222222222222/us-east-1/basket/invoke", event="{}").status == 404
        assert console.post("/functions/222222222222/eu-west-1/another/invoke", event="{}").status == 404
        assert console.post("/functions/222222222222/eu-west-1/basket/invoke", event="{").status == 400
        assert console.post("/functions/222222222222/eu-west-1/basket/invoke", event="[" * 50_000).status == 400
        assert invoked == []


class TestNotAllowed:
    """A console that may change the pipeline, and not invoke functions."""

    @pytest.fixture
    def options(self) -> Options:
        """The permission to approve only."""
        return Options(approve=True)

    @pytest.mark.gate
    def test_invoking_needs_its_own_permission(self, console: Console, invoked: list[tuple[object, ...]]) -> None:
        """Without the permission to invoke, the page shows no form and a forged one is rejected."""
        assert "Invoke" not in console.get("/functions").text
        assert console.post("/functions/222222222222/eu-west-1/basket/invoke", event="{}").status == 403
        assert invoked == []
