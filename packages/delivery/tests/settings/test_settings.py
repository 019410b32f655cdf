"""Wrong settings are rejected with the value, the allowed values and the remedy."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from aws_cdk import App

from cdk_delivery.constructs.project_files import Project
from cdk_delivery.settings.environment_rules import RESERVED_NAMES
from cdk_delivery.settings.messages import SettingsError
from cdk_delivery.settings.model import Delivery
from tests.app.shop_options import ShopOptions
from tests.synthesis import pipeline_stack

HERE = "cdk.json context.delivery"


def unknown_key(settings: dict[str, Any]) -> None:
    settings["environments"][1]["acount"] = "1"


def short_account(settings: dict[str, Any]) -> None:
    settings["environments"][1]["account"] = "33333333333"


def number_for_account(settings: dict[str, Any]) -> None:
    settings["account"] = 111111111111


def odd_region(settings: dict[str, Any]) -> None:
    settings["region"] = "Ireland"


def shared_account(settings: dict[str, Any]) -> None:
    settings["environments"][1]["account"] = settings["environments"][0]["account"]


def same_name(settings: dict[str, Any]) -> None:
    settings["environments"][1]["name"] = "dev"


def bad_kind_of_source(settings: dict[str, Any]) -> None:
    settings["source"]["type"] = "svn"


def no_kind_of_source(settings: dict[str, Any]) -> None:
    del settings["source"]["type"]


def unknown_in_source(settings: dict[str, Any]) -> None:
    settings["source"]["brunch"] = "main"


def bad_connection(settings: dict[str, Any]) -> None:
    settings["source"]["connection_arn"] = "{owner}"


def filters_without_connection(settings: dict[str, Any]) -> None:
    settings["source"] = {"type": "codecommit", "repository": "shop", "ignored_paths": ["docs/**"]}


def too_many_filters(settings: dict[str, Any]) -> None:
    settings["source"]["ignored_paths"] = [f"docs{number}/**" for number in range(9)]


def half_an_approval(settings: dict[str, Any]) -> None:
    settings["environments"][0]["wave"] = settings["environments"][1]["wave"] = "all"


def wave_of_anothers_name(settings: dict[str, Any]) -> None:
    settings["environments"][1]["wave"] = "dev2"
    settings["environments"].append({**settings["environments"][1], "name": "dev2", "wave": "late"})


def nobody_to_notify(settings: dict[str, Any]) -> None:
    settings["notify"] = {}


def odd_service(settings: dict[str, Any]) -> None:
    settings["environments"][1]["service"]["memory"] = 1


def name_of_a_part(settings: dict[str, Any]) -> None:
    settings["environments"][0]["name"] = "notices"


def wave_of_a_part(settings: dict[str, Any]) -> None:
    settings["environments"][0]["wave"] = "build"


def told_twice(settings: dict[str, Any]) -> None:
    settings["notify"] = {"emails": ["a@company.com", "a@company.com"]}


def shared_with_nobody(settings: dict[str, Any]) -> None:
    settings["environments"][1]["shares_account_with"] = ["nobody"]


def account_of_the_pipeline(settings: dict[str, Any]) -> None:
    settings["environments"][1]["account"] = settings["account"]


def region_of_china(settings: dict[str, Any]) -> None:
    settings["environments"][1]["region"] = "cn-north-1"


def region_of_a_government(settings: dict[str, Any]) -> None:
    settings["region"] = "us-gov-west-1"


def no_source(settings: dict[str, Any]) -> None:
    del settings["source"]


def no_environment(settings: dict[str, Any]) -> None:
    settings["environments"] = []


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (unknown_key, f"{HERE}.environments[1].acount: there is no such setting; there are account, allow_broadening,"),
        (
            short_account,
            f"{HERE}.environments[1].account: got '33333333333' (11 digits); an AWS account id has 12 digits",
        ),
        (number_for_account, f"{HERE}.account: got 111111111111; "),
        (odd_region, f"{HERE}.region: got 'Ireland'; an AWS region looks like eu-west-1"),
        (shared_account, "'dev' and 'prod' share the account 222222222222"),
        (shared_account, "'prod' has `shares_account_with: [\"dev\"]`"),
        (same_name, "two are named 'dev'"),
        (bad_kind_of_source, f"{HERE}.source.type: got 'svn'; allowed are connection, codecommit, s3"),
        (no_kind_of_source, f"{HERE}.source.type: is missing; allowed are connection, codecommit, s3"),
        (unknown_in_source, f"{HERE}.source.brunch: there is no such setting; there are branch, connection_arn,"),
        (bad_connection, f"{HERE}.source.connection_arn: got '{{owner}}'; the ARN of a CodeConnections connection"),
        (filters_without_connection, f"{HERE}.source: ignored_paths: CodePipeline filters pushes by file paths for a"),
        (too_many_filters, f"{HERE}.source.ignored_paths: got ['docs0/**', "),
        (half_an_approval, "in the wave 'all' only prod has `approval`"),
        (wave_of_anothers_name, "the wave 'dev2' has the name of an environment that is not in it"),
        (nobody_to_notify, f"{HERE}: notify: 'prod' needs an approval, and no subscriber would be"),
        (odd_service, f"{HERE}.environments[1].service.memory: there is no such setting; there are checks, memory_mb"),
        (name_of_a_part, "'notices' is the name of a part of the pipeline"),
        (wave_of_a_part, "'build' is the name of a part of the pipeline"),
        (told_twice, f"{HERE}.notify: 'a@company.com' is listed twice"),
        (shared_with_nobody, "no environment is called so; there are dev, pipeline, prod"),
        (account_of_the_pipeline, "'prod' has `shares_account_with: [\"pipeline\"]`"),
        (region_of_china, f"{HERE}.environments[1].region: got 'cn-north-1'; an AWS region looks like eu-west-1"),
        (region_of_a_government, f"{HERE}.region: got 'us-gov-west-1'; an AWS region looks like eu-west-1"),
        (no_source, f"{HERE}.source: is missing"),
        (no_environment, f"{HERE}.environments: got []; "),
    ],
)
def test_a_wrong_setting_is_refused(
    context: dict[str, Any], spoil: Callable[[dict[str, Any]], None], message: str
) -> None:
    """The error names the setting, the value read, and the allowed values."""
    settings = deepcopy(context["delivery"])
    spoil(settings)
    with pytest.raises(SettingsError) as refused:
        Delivery[ShopOptions].read(settings)
    assert message in str(refused.value)


def test_every_fault_is_reported_together(context: dict[str, Any]) -> None:
    """All errors are reported together."""
    settings = deepcopy(context["delivery"])
    unknown_key(settings)
    odd_region(settings)
    with pytest.raises(SettingsError) as refused:
        Delivery[ShopOptions].read(settings)
    assert len(str(refused.value).splitlines()) == 2


def test_no_settings_at_all_are_refused() -> None:
    """`python pipeline_app.py` without the CDK CLI does not read cdk.json, and the message says so."""
    with pytest.raises(SettingsError, match="got nothing"):
        Delivery[ShopOptions].read(None)


def test_settings_are_frozen(context: dict[str, Any]) -> None:
    """Settings cannot be changed after they are read."""
    delivery = Delivery[ShopOptions].read(context["delivery"])
    with pytest.raises(ValueError, match="frozen"):
        delivery.name = "other"


def test_a_shared_account_needs_a_setting(context: dict[str, Any]) -> None:
    """With `shares_account_with: ["dev"]`, prod may be in the account of dev."""
    settings = deepcopy(context["delivery"])
    shared_account(settings)
    settings["environments"][1]["shares_account_with"] = ["dev"]
    assert len({environment.account for environment in Delivery[ShopOptions].read(settings).environments}) == 1


def test_two_regions_of_one_wave_may_share_an_account(context: dict[str, Any]) -> None:
    """Environments of one wave may share an account, since neither is lower than the other."""
    settings = deepcopy(context["delivery"])
    prod = settings["environments"][1] | {"wave": "prods"}
    settings["environments"][1:] = [prod, prod | {"name": "prod2", "region": "eu-central-1"}]
    assert [[environment.name for environment in wave] for wave in Delivery[ShopOptions].read(settings).waves()] == [
        ["dev"],
        ["prod", "prod2"],
    ]


@pytest.mark.parametrize(
    "source",
    [
        {"type": "codecommit", "repository": "shop"},
        {"type": "s3", "bucket": "pushes", "key": "source.zip"},
        {"type": "connection", "connection_arn": "arn:aws:codestar-connections:eu-west-1:111111111111:connection/a1"}
        | {"repository": "group/subgroup/project"},
    ],
)
def test_each_kind_of_source_is_taken(context: dict[str, Any], source: dict[str, Any]) -> None:
    """Each kind of source is accepted, and a GitLab repository in nested groups."""
    assert Delivery[ShopOptions].read({**context["delivery"], "source": source}).source.type == source["type"]


@pytest.mark.slow
@pytest.mark.parametrize("source", [{"type": "codecommit", "repository": "shop"}, {"type": "s3", "bucket": "b" * 3}])
def test_no_environment_can_be_called_as_a_part_of_the_pipeline(
    context: dict[str, Any], project: Project, source: dict[str, Any]
) -> None:
    """Every construct id of the pipeline's stack is a reserved name, for which CDK's error would be a traceback."""
    key = {"key": "source.zip"} if source["type"] == "s3" else {}
    app = App(context=context, analytics_reporting=False)
    stack = pipeline_stack(app, context, project, lambda settings: settings.update(source=source | key))
    parts = {child.node.id for child in stack.node.children} - {"Dev", "Prod"}
    parts |= {stage.stage_name for stage in stack.pipeline.pipeline.stages} - {"Dev", "Prod"}
    assert {part.lower() for part in parts if part == part.title()} - {*RESERVED_NAMES} == set()
