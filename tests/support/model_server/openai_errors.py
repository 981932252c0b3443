"""Errors as the OpenAI dialects put them."""

from __future__ import annotations

from typing import Any

from .reply import Fault

KINDS = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    403: ("invalid_request_error", "forbidden"),
    429: ("rate_limit_error", "rate_limit_exceeded"),
}


def error(status: int, fault: Fault) -> dict[str, Any]:
    kind, code = KINDS.get(status, ("server_error", None))
    return {
        "error": {
            "message": fault.message,
            "type": fault.kind or kind,
            "param": None,
            "code": fault.kind or code,
        }
    }
