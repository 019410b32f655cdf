"""The command `lambda-layers`, without click for a build: importing it takes longer than a build with nothing to do."""

import gc
import sys

from lambda_layers import build_command, error_boundary


def main() -> None:
    """Run one command, and exit with its code."""
    if sys.argv[1:] == ["build"]:
        status = error_boundary.run(build_command.build)
        gc.freeze()  # skip the garbage collection at exit: 4 ms of 50
        sys.exit(status)
    from lambda_layers import cli

    cli.main()


if __name__ == "__main__":
    main()
