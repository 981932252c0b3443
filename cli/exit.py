"""The exit codes: the one place where an end becomes a number.

| code | meaning |
|---|---|
| 0 | the DAG run is `ok`; for other commands: done |
| 1 | the DAG run ended `failed` or `cancelled` |
| 2 | your input: flags, files, graph; nothing was written. Also: stdout did not take what was said |
| 3 | the Ledger: held, newer, damaged, disk full or read-only |
| 4 | paused: something waits for you |
| 70 | our fault |
| 130 | interrupted |
"""

from __future__ import annotations

from typing import Final

from ..schemas.errors import MetaEnsembleError
from ..schemas.states import DagRunState

OK: Final = 0
FAILED: Final = 1
INPUT: Final = 2
LEDGER: Final = 3
PAUSED: Final = 4
OUR_FAULT: Final = 70
INTERRUPTED: Final = 130

_STATES: Final[dict[DagRunState, int]] = {
    "ok": OK,
    "failed": FAILED,
    "cancelled": FAILED,
    "paused": PAUSED,
    "interrupted": INTERRUPTED,
    # A run that came back without an end was stopped from outside.
    "running": INTERRUPTED,
}


def code_of_state(state: DagRunState) -> int:
    """The exit code of `me dag run` and `resume` for the state in which the DAG run was left."""
    return _STATES[state]


def code_of_error(error: BaseException) -> int:
    """The exit code for whatever ended a command early.

    Errors of the tree carry theirs, by whose fault they are; Ctrl-C is 130; a reader who has seen
    enough (`me … | head`) is no failure; all else is our fault.
    """
    if isinstance(error, MetaEnsembleError):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        return OK
    return OUR_FAULT
