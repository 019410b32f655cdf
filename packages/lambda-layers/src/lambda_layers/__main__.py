"""The command `lambda-layers`, which checks for an unchanged build before it imports anything slow."""

import sys
from pathlib import Path

from lambda_layers.builder.restore import restore_build


def _restored_last_build() -> bool:
    """Return whether `build` had no layer to build. Imports nothing that is slow to import."""
    if sys.argv[1:] != ["build"]:
        return False
    try:
        restored = restore_build(Path.cwd())
    except Exception:
        return False
    if restored is None:
        return False
    code = f"built the code of {', '.join(restored.new)}" if restored.new else "nothing to do"
    print(f"layers: {code}, build/layers/ is what the lock says", file=sys.stderr)
    for warning in restored.warnings:
        print(f"layers: warning: {warning}", file=sys.stderr)
    return True


def main() -> None:
    """Run the command. Importing what a command needs takes longer than finding that nothing has changed."""
    if not _restored_last_build():
        from lambda_layers import cli

        cli.main()


if __name__ == "__main__":
    main()
