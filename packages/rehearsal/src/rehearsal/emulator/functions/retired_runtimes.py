"""Lambda runtimes in the phase "block function create": AWS creates no functions of them, but still updates older ones.

Sources: AWS Lambda developer guide, "Lambda runtimes" (Runtime deprecation policy), whose dates are cfn-lint's; the
message of Lambda is quoted in re:Post, "The runtime parameter of nodejs14.x is no longer supported".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from rehearsal.emulator.cloudformation.property_checks import check_created
from rehearsal.emulator.functions.limits import LimitExceeded, answer_error
from rehearsal.emulator.iam.cfnlint_data import creation_blocked_since
from rehearsal.emulator.ministack.port.cloudformation import Provision
from rehearsal.emulator.ministack.port.function_records import FunctionSettings
from rehearsal.emulator.ministack.port.requests import Answer
from rehearsal.workspace.acceptances import Accepted

Create = Callable[[FunctionSettings], Answer]


class RetiredRuntimes:
    """Refuses new functions of such runtimes. accepted: the names of `--accept`, for accounts with older functions."""

    def __init__(self, accepted: Callable[[], Accepted]) -> None:
        self._accepted = accepted

    def refuse_creation(self, create: Create) -> Create:
        """Return the replacement of CreateFunction."""

        def create_with_runtime(data: FunctionSettings) -> Answer:
            return answer_error(lambda: self._check(data)) or create(data)

        return create_with_runtime

    def refuse_resource(self, create: Provision) -> Provision:
        """Return the replacement of CloudFormation's create handler of functions."""
        return check_created(self._check)(create)

    def _check(self, data: FunctionSettings) -> None:
        runtime = str(data.get("Runtime") or "")
        since = creation_blocked_since(runtime, dt.datetime.now(dt.UTC).date())
        if since and runtime not in self._accepted().providers:
            raise LimitExceeded(
                "InvalidParameterValueException",
                f"The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda"
                f" functions. AWS has created none since {since}: use a newer runtime; where the account has the"
                f" function from before, `--accept {runtime}` goes on",
            )
