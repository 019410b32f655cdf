"""Write the records that the tests of this folder compare with.

python tests/upgrade/record.py templates    templates.json: the templates of all settings
python tests/upgrade/record.py layers       layers.json: the digests of the layers
python tests/upgrade/record.py run FILE     run.json: from FILE, which `run --json FILE` of a rehearsal wrote
python tests/upgrade/record.py tests        tests.tsv: the successor of each test of 42d74c1

Record again only for a change that is intended, and commit the record together with it.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.upgrade import layers, node_ids, recorded, runs, templates
from tests.upgrade.settings import SETTINGS


def main(arguments: list[str]) -> int:
    """Write one record; 2 for wrong arguments."""
    with tempfile.TemporaryDirectory() as scratch:
        match arguments:
            case ["templates"]:
                written = templates.write({name: templates.synthesize(name, Path(scratch) / name) for name in SETTINGS})
            case ["layers"]:
                written = recorded.write(layers.NAME, layers.present(Path(scratch)), depth=2)
            case ["run", file]:
                stages = runs.stages(json.loads(Path(file).read_text()))
                written = recorded.write(runs.NAME, {"stages": stages}, depth=2)
            case ["tests"]:
                written = node_ids.write(node_ids.successors(node_ids.read(), node_ids.collect()))
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    print(f"wrote {written}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
