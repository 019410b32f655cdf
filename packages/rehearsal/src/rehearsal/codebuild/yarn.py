"""Yarn for builds: version 1 from npm, for machines without that of CodeBuild's images.

Source: github.com/aws/aws-codebuild-docker-images, ubuntu/standard/7.0, Dockerfile.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from rehearsal.host.script_file import write_script

_NOTE = "the image has Yarn, and this machine has none: version 1 of npm is used"


def provide_yarn(commands: Path, notes: Path) -> None:
    """Write the command `yarn` into the folder `commands`; it runs on the build's Node.js.

    notes: the file to which a note on its use is appended.
    """
    folder, file = shlex.quote(str(notes.parent)), shlex.quote(str(notes))
    note = f"mkdir -p {folder} && echo {shlex.quote(_NOTE)} >> {file}"
    # A variable, because npx of npm 6, that of Node.js 14, has no option --yes.
    write_script(commands / "yarn", f'{note}\nnpm_config_yes=true exec npx yarn@1 "$@"')
