"""The check that the S3 object with a function's code exists.

Sources: AWS Lambda API reference, "FunctionCode"; Lambda's error messages are quoted in public reports
(aws-account-vending-machine#23, aws-waf-sample#25).
"""

from __future__ import annotations

from collections.abc import Callable

from rehearsal.emulator.functions.limits import LimitExceeded, answer_error
from rehearsal.emulator.ministack.port import s3
from rehearsal.emulator.ministack.port.function_records import FunctionSettings
from rehearsal.emulator.ministack.port.requests import Answer

_MISSING = "Error occurred while GetObject. S3 Error Code: {}. S3 Error Message: The specified {} does not exist."


def check_code(data: FunctionSettings) -> None:
    """Raise LimitExceeded where the S3 object with a new function's code does not exist in any account."""
    code = data.get("Code") or {}
    bucket, key = code.get("S3Bucket"), code.get("S3Key")
    if not bucket or not key:
        return
    owner = s3.bucket_owner(bucket)
    if owner is None:
        raise LimitExceeded("InvalidParameterValueException", _MISSING.format("NoSuchBucket", "bucket"))
    if key not in s3.bucket_record(owner, bucket).get("objects", {}):
        raise LimitExceeded("InvalidParameterValueException", _MISSING.format("NoSuchKey", "key"))


def refuse_missing_code(create: Callable[[FunctionSettings], Answer]) -> Callable[[FunctionSettings], Answer]:
    """Return the replacement of CreateFunction, which checks the code's object first."""

    def create_with_code(data: FunctionSettings) -> Answer:
        return answer_error(lambda: check_code(data)) or create(data)

    return create_with_code
