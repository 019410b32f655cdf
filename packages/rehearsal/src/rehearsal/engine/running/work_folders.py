"""The work folders of actions, `<execution>/<stage>/<action>/<attempt>`, and their clean-up."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from rehearsal.host.removal import remove_in_background

LOG, GONE, SHARED = "action.log", ".gone", ".shared"
# `encode_name` never returns a name with "=".
_RULE = "rule="


def attempt_folder(execution: Path, stage: str, action: str, attempt: int, *, is_rule: bool) -> Path:
    """Return the folder of one attempt; it is unique for any names of stages and actions."""
    name = (_RULE if is_rule else "") + encode_name(action)
    return execution / encode_name(stage) / name / str(attempt)


def encode_name(name: str) -> str:
    """Return a folder name that is unique for `name`; names that CodePipeline allows stay unchanged."""
    encoded = quote(name, safe="@")
    return encoded if encoded.strip(".") else encoded.replace(".", "%2E")


def discard_work_files(folder: Path) -> Path | None:
    """Move all files of a successful attempt except its log into a folder; return it, or None without such files.

    The files may be hundreds of megabytes. `remove_discarded_files` removes the folder when the execution has ended.
    """
    not_needed = [path for path in folder.iterdir() if path.name != LOG]
    if not not_needed:
        return None
    removed = folder / GONE
    try:
        removed.mkdir()
        for path in not_needed:
            path.rename(removed / path.name)
    except OSError:  # a full disk
        remove_in_background(*not_needed)
    return removed


def remove_discarded_files(execution: Path, discarded: Iterable[Path]) -> None:
    """Remove the folders in the background, and the shared folder; a retry can use a new shared folder immediately.

    Call this when no action of the execution runs any more: ext4 without a journal checks every inode that was freed in
    the last minute before it allocates one, which slows down running actions.
    """
    shared, removed = execution / SHARED, execution / f".gone-{uuid.uuid4().hex[:8]}"
    unneeded = [*discarded]
    with contextlib.suppress(OSError):
        shared.rename(removed)
        unneeded.append(removed)
    remove_in_background(*unneeded)
