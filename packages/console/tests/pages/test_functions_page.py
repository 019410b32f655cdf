"""The page of functions, and calls by hand."""

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
    """A pipeline that deploys one function; its calls by hand."""
    return serve_functions(aws, Pipeline(green()).serve(aws), monkeypatch)


@pytest.mark.usefixtures("invoked")
def test_weights_calls_errors_and_cold_starts_are_shown(console: Console) -> None:
    """Of each function of the environment."""
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
    """The page is there."""

    def names(*_: object) -> list[str]:
        raise ReadFailed(Problem("denied", "cloudformation:ListStackResources", "denied"))

    monkeypatch.setattr(reads, "names", names)
    answer = console.get("/functions")
    assert (answer.status, "Missing permission: <code>cloudformation:ListStackResources" in answer.text) == (200, True)


class TestInvoke:
    """Calls by hand, with events of a project."""

    @pytest.fixture
    def options(self, tmp_path: Path) -> Options:
        """A console with one event."""
        (tmp_path / "order.json").write_text('{"order": 1}')
        return Options(invoke=True, events=tmp_path)

    def test_a_function_is_invoked_with_an_event_of_the_project(
        self, console: Console, invoked: list[tuple[object, ...]]
    ) -> None:
        """Or with the one that was written; its answer is text."""
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
        """Its functions are invoked there."""
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
    def test_only_what_the_pipeline_deploys_is_invoked(
        self, console: Console, invoked: list[tuple[object, ...]]
    ) -> None:
        """Neither in other accounts and regions, nor other functions, nor with what is not JSON."""
        assert console.post("/functions/999999999999/eu-west-1/basket/invoke", event="{}").status == 404
        assert console.post("/functions/222222222222/us-east-1/basket/invoke", event="{}").status == 404
        assert console.post("/functions/222222222222/eu-west-1/another/invoke", event="{}").status == 404
        assert console.post("/functions/222222222222/eu-west-1/basket/invoke", event="{").status == 400
        assert console.post("/functions/222222222222/eu-west-1/basket/invoke", event="[" * 50_000).status == 400
        assert invoked == []


class TestNotAllowed:
    """A console that may change the pipeline, and invoke nothing."""

    @pytest.fixture
    def options(self) -> Options:
        """The permission to approve is another one."""
        return Options(approve=True)

    @pytest.mark.gate
    def test_invoking_needs_its_own_permission(self, console: Console, invoked: list[tuple[object, ...]]) -> None:
        """The form is absent, and one that is made by hand is refused."""
        assert "Invoke" not in console.get("/functions").text
        assert console.post("/functions/222222222222/eu-west-1/basket/invoke", event="{}").status == 403
        assert invoked == []
