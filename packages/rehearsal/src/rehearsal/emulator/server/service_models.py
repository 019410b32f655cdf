"""Botocore's models of the emulated services."""

from __future__ import annotations

import functools
from collections.abc import Callable

from botocore.exceptions import UnknownServiceError

from rehearsal import aws
from rehearsal.emulator.ministack.port.requests import botocore_name

Model = Callable[[str], object]


def read_with_one_session(_model: Model) -> Model:
    """Return the replacement of the function that reads a service's model; it uses one botocore session for all."""

    @functools.cache
    def model(service: str) -> object:
        try:
            return aws.service_model(botocore_name(service))
        except UnknownServiceError:
            return None

    return model
