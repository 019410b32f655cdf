"""Sessions in the accounts of a delivery."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pytest
from botocore.loaders import JSONFileLoader

from cdk_delivery.commands.accounts import Sessions, Target
from cdk_delivery.errors import WrongUse

IRELAND, LONDON = Target("111111111111", "eu-west-1"), Target("222222222222", "eu-west-2")


@pytest.fixture
def _profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile for each account, as `aws configure` writes them."""
    keys = "aws_access_key_id = 1\naws_secret_access_key = 1\n"
    (tmp_path / "credentials").write_text(f"[ireland]\n{keys}[london]\n{keys}")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


def test_a_client_is_created_once() -> None:
    """A client takes a tenth of a second; each account and region has a separate one."""
    sessions = Sessions([])
    assert sessions.client("sts", IRELAND) is sessions.client("sts", IRELAND)
    others = Target(IRELAND.account, "eu-central-1"), Target("222222222222", IRELAND.region)
    assert sessions.client("sts", IRELAND) not in [sessions.client("sts", other) for other in others]


@pytest.mark.usefixtures("_profiles")
def test_the_model_of_a_service_is_read_once() -> None:
    """The clients of several profiles share the models of their services."""
    sessions = Sessions(["111111111111=ireland", "222222222222=london"])
    with patch.object(JSONFileLoader, "load_file", autospec=True, side_effect=JSONFileLoader.load_file) as load:
        for target in (IRELAND, LONDON):
            sessions.client("sts", target)
    files = [Path(call.args[1]) for call in load.call_args_list]
    assert len([file for file in files if file.name == "service-2" and file.parts[-3] == "sts"]) == 1


@pytest.mark.usefixtures("_profiles")
def test_an_unknown_profile_is_wrong_use() -> None:
    """The error names the account and the command that lists the profiles."""
    with pytest.raises(WrongUse, match=r"--profile 111111111111=\.\.\..*paris.*`aws configure list-profiles`"):
        Sessions(["111111111111=paris"]).client("sts", IRELAND)
