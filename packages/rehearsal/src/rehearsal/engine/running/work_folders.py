"""Where actions work: `<execution>/<stage>/<action>/<attempt>`, and what is removed of it afterwards."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, unquote

from rehearsal.host.processes import remove_in_background

LOG, GONE, SHARED = "action.log", ".gone", ".shared"
# No encoded name contains it.
_RULE = "rule="


def attempt_folder(execution: Path, stage: str, action: str, attempt: int, *, is_rule: bool) -> Path:
    """Return the folder of one attempt. Two attempts never share one, whatever the names are."""
    name = (_RULE if is_rule else "") + encode_name(action)
    return execution / encode_name(stage) / name / str(attempt)


def encode_name(name: str) -> str:
    """Return the name of a folder for `name`; two names never share one. CodePipeline's names stay as they are."""
    encoded = quote(name, safe="@")
    return encoded if encoded.strip(".") else encoded.replace(".", "%2E")


def decode_name(name: str) -> str:
    """Return what `encode_name` was given."""
    return unquote(name)


def discard_work_files(folder: Path) -> Path | None:
    """Keep the log only: what an action worked in may be hundreds of megabytes, and is needed after a failure.

    Returns the folder that holds the rest, for `remove_discarded_files` when the execution has ended.
    """
    not_needed = [path for path in folder.iterdir() if path.name != LOG]
    if not not_needed:
        return None
    gone = folder / GONE
    try:
        gone.mkdir()
        for path in not_needed:
            path.rename(gone / path.name)
    except OSError:  # a full disk
        remove_in_background(*not_needed)
    return gone


def remove_discarded_files(execution: Path, discarded: Iterable[Path]) -> None:
    """Remove them, and what the actions shared, while the caller goes on. A retry may share files again immediately.

    Only once no action of the execution works any more: ext4 without a journal looks at each inode that was freed
    within the last minute before it takes another one.
    """
    shared, gone = execution / SHARED, execution / f".gone-{uuid.uuid4().hex[:8]}"
    unneeded = [*discarded]
    with contextlib.suppress(OSError):
        shared.rename(gone)
        unneeded.append(gone)
    remove_in_background(*unneeded)
