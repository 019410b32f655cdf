"""Functions whose code is missing in S3: MiniStack creates them without code, Lambda rejects them."""

from __future__ import annotations

import json

import pytest
from ministack.services import lambda_svc, s3
from ministack.services.cloudformation import provisioners

from rehearsal.emulator.functions.limits import LimitExceeded
from rehearsal.emulator.ministack.corrections import refusals
from rehearsal.emulator.ministack.patches import correct
from tests.emulator.functions.test_limits import FUNCTION

MISSING = {
    "NoSuchKey. S3 Error Message: The specified key does not exist.": {"S3Bucket": "assets", "S3Key": "b.zip"},
    "NoSuchBucket. S3 Error Message: The specified bucket does not exist.": {"S3Bucket": "none", "S3Key": "a.zip"},
}


@pytest.fixture
def bucket(as_it_comes: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket with one object, whose content is not read."""
    provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]["create"]("Bucket", {"BucketName": "assets"}, "stack")
    s3._buckets["assets"]["objects"]["a.zip"] = {}
    monkeypatch.setattr(lambda_svc, "_fetch_code_from_s3", lambda *_, **__: None)


@pytest.mark.parametrize("reason", MISSING)
def test_a_function_needs_the_object_that_has_its_code(bucket: None, reason: str) -> None:
    """The fault: a function is created without code. Corrected, the API and CloudFormation reject it as Lambda does."""
    function = {**FUNCTION, "FunctionName": "g", "Code": MISSING[reason]}
    provisioners._lambda_create("Function", function, "stack")
    assert lambda_svc._functions.pop("g")["code_zip"] is None
    correct(refusals.FUNCTION_CODE)
    status, _, body = lambda_svc._create_function(function)
    assert (status, reason in json.loads(body)["message"]) == (400, True)
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    with pytest.raises(LimitExceeded, match=reason):
        handlers["create"]("Function", function, "stack")
    with pytest.raises(LimitExceeded, match=reason):
        handlers["update"]("g", FUNCTION, function, "stack")
    assert "g" not in lambda_svc._functions


def test_a_function_whose_code_exists_is_created(bucket: None) -> None:
    """A function is created if its code object exists."""
    correct(refusals.FUNCTION_CODE)
    code = {"S3Bucket": "assets", "S3Key": "a.zip"}
    create = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]["create"]
    create("Function", {**FUNCTION, "FunctionName": "g", "Code": code}, "stack")
    assert "g" in lambda_svc._functions
