"""Generated files are those that the code would generate now, for the settings of cdk.json."""

import pytest

from cdk_delivery.generate.files import generated_files
from tests.root import ROOT
from tests.synthesized import Synthesized

FILES = generated_files(ROOT)


@pytest.mark.gate
@pytest.mark.parametrize("path", FILES)
def test_it_is_current(path: str, ours: Synthesized) -> None:
    """`make synth generate` writes them again."""
    assert (ROOT / path).read_text() == FILES[path](ours.folder)
