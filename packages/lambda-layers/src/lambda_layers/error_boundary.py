"""The boundary of every command: turns an error into a message and an exit code, without click, a slow import."""

from __future__ import annotations

import sys
from collections.abc import Callable

from lambda_layers.errors import LayersError


def run(command: Callable[[], int]) -> int:
    """Run one command. 0 done; 1 the build or a check went red; 2 wrong use or settings; 3 a bug; 130 interrupted."""
    try:
        return command()
    except LayersError as error:
        message, code = str(error), error.exit_code
    except OSError as error:
        message, code = f"{error.filename}: {error.strerror}" if error.filename else str(error), 2
    except KeyboardInterrupt:
        message, code = "interrupted", 130
    except Exception:
        message, code = _report_bug(), 3
    print(f"layers: {message}", file=sys.stderr)
    return code


def _report_bug() -> str:
    from lambda_layers.bug_report import write_bug_report

    log = write_bug_report("layers-bug-", ("lambda-layers",))
    return f"this is a bug in the layer builder itself; please report it with {log}"
