"""The messages of AWS's JSON APIs."""

from __future__ import annotations

from typing import Any

# A request, a response, or a part of one. AWS's model of the service has checked the shape of a request.
ApiMessage = dict[str, Any]
