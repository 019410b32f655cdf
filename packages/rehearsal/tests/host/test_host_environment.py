"""The variables of this machine that a build inherits."""

from __future__ import annotations

import pytest

from rehearsal.host import host_environment


@pytest.mark.parametrize("name", ["https_proxy", "NO_PROXY", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "PIP_CERT"])
def test_the_way_to_the_network_is_kept(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables of proxies and certificates are kept, for package managers."""
    monkeypatch.setenv(name, "set")
    assert host_environment.clean_environment()[name] == "set"


@pytest.mark.parametrize("name", ["AWS_CA_BUNDLE", "MINISTACK_SSL_CERT", "MINISTACK_SSL_KEY", "AWS_PROFILE", "HOME"])
def test_the_users_and_the_servers_own_settings_are_not(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of the user and of the embedded AWS, which runs builds in its process, are removed."""
    monkeypatch.setenv(name, "set")
    assert name not in host_environment.clean_environment()
