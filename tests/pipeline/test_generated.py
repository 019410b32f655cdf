"""Generated files are those that the code would generate now, for the settings of cdk.json."""

import pytest

from cdk_delivery.access.policy_files import PolicyFiles
from cdk_delivery.generate.files import generated_files
from tests.root import ROOT
from tests.synthesized import Synthesized


@pytest.mark.gate
def test_it_is_current(ours: Synthesized) -> None:
    """Each file is: `make synth generate` writes them again, and removes policies that are not made any more."""
    files = generated_files(ROOT, ours.folder)
    committed = {path: (ROOT / path).read_text() if (ROOT / path).exists() else "" for path in files}
    assert [path for path, text in files.items() if committed[path] != text] == []
    assert PolicyFiles.of(ROOT).stale(files) == []
