"""`python -m cdk_delivery.gates.templates`: cfn-lint has nothing to say of any template that `cdk synth` wrote.

A template of which it said nothing before is not read again; `cfn-lint` by itself reads all of them.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from cdk_delivery.gates.result_cache import ResultCache, digest

SETTINGS = ".cfnlintrc"


def main(root: Path) -> int:
    """0: nothing; 2: no templates; else cfn-lint's own status."""
    templates = sorted((root / "cdk.out").rglob("*.template.json"))
    if not templates:
        print(f"templates: there is none in {root / 'cdk.out'}; `make synth` writes them", file=sys.stderr)
        return 2
    settings = (root / SETTINGS).read_text() if (root / SETTINGS).exists() else ""
    digests = {path: digest(path.read_bytes(), version("cfn-lint"), settings) for path in templates}
    remembered = ResultCache(root, "templates")
    clean = remembered.read()
    changed = [str(path.relative_to(root)) for path in templates if digests[path] not in clean]
    linter = str(Path(sys.executable).with_name("cfn-lint"))
    status = subprocess.run([linter, "--template", *changed], cwd=root, check=False).returncode if changed else 0
    if not status:
        remembered.write(digests.values())
    return status


if __name__ == "__main__":
    sys.exit(main(Path.cwd()))
