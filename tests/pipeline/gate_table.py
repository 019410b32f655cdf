"""Where tried gates leave their rows: name, planted fault, whether it went red."""

import pytest

ROWS = pytest.StashKey[list[tuple[str, str, bool]]]()
