"""The command `lambda-layers`, which checks for an unchanged build before it imports anything slow."""

import sys
from pathlib import Path

from lambda_layers.builder.restore import Restored, restore_build


def main() -> None:
    """Run the command. Importing what a command needs takes longer than finding that nothing has changed."""
    try:
        restored = restore_build(Path.cwd()) if sys.argv[1:] == ["build"] else None
    except Exception:  # the command runs into the same error, and reports it
        restored, building = None, False
    else:
        building = sys.argv[1:] == ["build"]
    if restored:
        _report(restored)
    elif building:
        from lambda_layers import build_command, error_boundary

        sys.exit(error_boundary.run(build_command.build_now))
    else:
        from lambda_layers import cli

        cli.main()


def _report(restored: Restored) -> None:
    code = f"built the code of {', '.join(restored.new)}" if restored.new else "nothing to do"
    print(f"layers: {code}, build/layers/ is what the lock says", file=sys.stderr)
    for warning in restored.warnings:
        print(f"layers: warning: {warning}", file=sys.stderr)


if __name__ == "__main__":
    main()
