"""`lambda-layers`."""

import sys
from pathlib import Path

from lambda_layers.builder.restore import restore_build


def _restored_last_build() -> bool:
    """Whether `build` had nothing to do: found out before anything is imported that takes time."""
    if sys.argv[1:] != ["build"]:
        return False
    try:
        warnings = restore_build(Path.cwd())
    except Exception:
        return False
    for line in ["layers: nothing to do, build/layers/ is what the lock says"] if warnings is not None else []:
        print(line, *(f"layers: warning: {warning}" for warning in warnings or []), sep="\n", file=sys.stderr)
    return warnings is not None


def main() -> None:
    """Run the command; importing what it needs takes longer than finding that nothing changed."""
    if not _restored_last_build():
        from lambda_layers import cli

        cli.main()


if __name__ == "__main__":
    main()
