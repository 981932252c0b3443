"""The task's own checks: commands that must exit with 0 after the work, where and as the work was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..runtimes.invocation import SHELL
from ..runtimes.protocol import AttemptRequest
from .findings import short
from .programs import Program, Programs, Ran

_TAIL: Final = 1500
"""So many characters of the end of what a check printed are kept."""


async def run_checks(request: AttemptRequest, programs: Programs, *, seconds: float) -> list[dict[str, Any]]:
    """What each of the checks came to, in their order: one begins when the one before has ended, and has so
    many `seconds`.

    Each is `{"check", "state": "ok" | "failed"}`; one that failed has its exit `status` where there is one,
    `why`, and the `tail` of what it printed.
    """
    found = []
    for check in request.checks:
        env = {**request.secrets, **request.env, **check.get("env", {})}
        program = Program(argv=_argv(check), cwd=request.cwd, env=env, timeout=seconds)
        found.append(_result(check, await programs.run(program)))
    return found


def _argv(check: Mapping[str, Any]) -> list[str]:
    return list(check["argv"]) if "argv" in check else [SHELL, "-c", str(check["shell"])]


def _result(check: Mapping[str, Any], ran: Ran) -> dict[str, Any]:
    words = check["argv"] if "argv" in check else [check["shell"]]
    result: dict[str, Any] = {"check": short(" ".join(map(str, words)))}
    if ran.status == 0:
        return {**result, "state": "ok"}
    result["state"] = "failed"
    if ran.status is not None:
        result["status"] = ran.status
    result["why"] = ran.why or f"exit status {ran.status}"
    tail = ran.tail.strip()[-_TAIL:]
    return {**result, "tail": tail} if tail else result
