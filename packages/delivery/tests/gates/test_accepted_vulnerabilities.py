"""The table of accepted vulnerabilities is read strictly."""

from pathlib import Path

import pytest

from cdk_delivery.errors import WrongUse
from cdk_delivery.gates.accepted_vulnerabilities import read


def test_settings_that_are_no_toml_are_wrong_use(tmp_path: Path) -> None:
    """An invalid pyproject.toml is an error that names the file and the fault."""
    (tmp_path / "pyproject.toml").write_text("[tool")
    with pytest.raises(WrongUse, match=r"pyproject\.toml cannot be read"):
        read(tmp_path)
