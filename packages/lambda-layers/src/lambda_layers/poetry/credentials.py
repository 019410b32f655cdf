"""Credentials of package indexes in Poetry's configuration files or in a keyring."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from lambda_layers.errors import LayersError
from lambda_layers.locks.pin import Source
from lambda_layers.subprocesses import find_tool, run

# A keyring that asks for a password in a dialog would never return.
_TIMEOUT_SECONDS = 60
_SCRIPT = """
import json, sys
from pathlib import Path
from urllib.parse import urlsplit
from poetry.factory import Factory
from poetry.utils.password_manager import PasswordManager
manager = PasswordManager(Factory().create_poetry(Path.cwd()).config)
name, url = sys.argv[1:]
credential = manager.get_http_auth(name)
if not credential.password:
    credential = manager.get_credential(url, urlsplit(url).netloc, username=credential.username)
print(json.dumps([credential.username, credential.password]))
"""


def stored_credentials(root: Path, source: Source) -> tuple[str, str] | None:
    """Return Poetry's user and password for a source; None if it has none, or is not installed."""
    with suppress(LayersError, OSError, ValueError):
        python = Path(find_tool("poetry", root)).resolve().parent / "python"
        command = [str(python), "-c", _SCRIPT, source.name, source.public_url]
        shown = ["poetry", "config", f"http-basic.{source.name}"]
        user, password = json.loads(run(command, cwd=root, shown=shown, seconds=_TIMEOUT_SECONDS).splitlines()[-1])
        return (user or "", password) if password else None
    return None
