"""`rsync` as CDK's bundling of Python functions calls it: a copy with links followed, for machines without rsync.

Source: AWS CDK, aws-lambda-python-alpha/lib/bundling.ts.
"""

from __future__ import annotations

import shutil
import sys


def main(*words: str) -> None:
    """Copy the first folder's content into the second one. Options other than `-rLv` and `--exclude` are refused."""
    options = [word for word in words if word.startswith("-")]
    folders = [word for word in words if not word.startswith("-")]
    excluded = [option.partition("=")[2] for option in options if option.startswith("--exclude=")]
    unknown = [option for option in options if option != "-rLv" and not option.startswith("--exclude=")]
    if unknown or len(folders) != 2 or not folders[0].endswith("/"):
        print(f"rehearsal: rsync {' '.join(words)}: this machine has no rsync; install it", file=sys.stderr)
        sys.exit(1)
    source, target = folders
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(*excluded), dirs_exist_ok=True)
