"""How a callable says that it has no result, and which of the known reasons that has."""

from __future__ import annotations

from typing import ClassVar

from .states import FailureReason


class Declined(Exception):
    """Raised by a callable that did its work and came to no result; the message is the reason for people."""

    failure_reason: ClassVar[FailureReason] = "no_result"


class Refused(Declined):
    """What was looked at was not approved."""

    failure_reason = "rejected"
