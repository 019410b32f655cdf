"""MiniStack's private names are used only in the port, and named as targets only in the registry."""

from __future__ import annotations

from collections import defaultdict

import pytest

from rehearsal.emulator.ministack.used_names import names_in
from tests.emulator.ministack.private_names import modules, private_uses
from tests.root import PACKAGE

SOURCE = PACKAGE / "src" / "rehearsal"
PORT, REGISTRY = "emulator/ministack/port/", ("emulator/ministack/corrections/", "emulator/ministack/patches.py")


def test_only_port_and_registry_use_private_names() -> None:
    """No other module has them in attributes, imports, getattr, patches or strings."""
    found = {
        name: uses
        for name, text in modules(SOURCE).items()
        if not name.startswith((PORT, *REGISTRY)) and (uses := private_uses(text))
    }
    assert found == {}


def test_the_registry_names_targets_and_uses_none() -> None:
    """The registry has private names only as strings."""
    found = [use for name, text in modules(SOURCE).items() if name.startswith(REGISTRY) for use in private_uses(text)]
    assert found
    assert [use for use in found if not use.startswith("ministack.")] == []


def test_each_private_name_is_in_one_module_of_the_port() -> None:
    """Each private name is in one module of the port, so that a MiniStack change has one place."""
    places = defaultdict(set)
    for name, text in modules(SOURCE / PORT).items():
        for used in names_in(text):
            if ":_" in used:
                places[used].add(name)
    assert len(places) > 50
    assert {used: names for used, names in places.items() if len(names) > 1} == {}


@pytest.mark.parametrize(
    "planted",
    [
        "from ministack.services import s3\ns3._buckets",
        "from ministack.services import s3 as store\nstore._buckets['a'] = {}",
        "from ministack.services.s3 import _buckets",
        "def inside():\n    from ministack.services.s3 import _buckets as buckets",
        "import ministack.services.s3\nministack.services.s3._buckets",
        "import ministack.services.s3 as s3\ns3._buckets.clear()",
        "from ministack.services import s3\ngetattr(s3, '_buckets')",
        "from ministack.services import s3\nsetattr(s3, '_buckets', {})",
        "from ministack.services import s3\nvars(s3)['_buckets']",
        "from ministack.services import s3\nmonkeypatch.setattr(s3, '_buckets', {})",
        "monkeypatch.setattr('ministack.services.s3._buckets', {})",
        "from ministack.core.responses import AccountScopedDict\nAccountScopedDict()._data",
        "from rehearsal.emulator.ministack.port import s3\ns3.s3._buckets",
        "from rehearsal.emulator.ministack.port.s3 import s3\ns3._buckets",
        "import rehearsal.emulator.ministack.port.s3 as port\nport.s3._buckets",
    ],
)
def test_a_private_name_is_found(planted: str) -> None:
    """The check finds each form of use that this code base could have."""
    assert len(private_uses(planted)) == 1


@pytest.mark.parametrize(
    "harmless",
    [
        "from ministack.services import s3\ns3.S3_NS\ns3.__name__",
        "from rehearsal.emulator.iam import roles\nroles._anything",
        "from rehearsal.emulator.ministack.port import s3\ns3.bucket_owner('b')",
        "class A:\n    def b(self):\n        self._buckets = getattr(self, '_other')",
        "'ministack.services.s3'\n'MiniStack has no _buckets'",
    ],
)
def test_a_public_name_is_not_found(harmless: str) -> None:
    """The check ignores public names and this project's own private names."""
    assert private_uses(harmless) == []
