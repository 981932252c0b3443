from __future__ import annotations

from typing import get_args

import pytest

from metaensemble.cli.exit import code_of_error, code_of_state
from metaensemble.schemas.errors import (
    InputError,
    InputErrors,
    InternalError,
    LedgerError,
    RunError,
    UnknownFlag,
)
from metaensemble.schemas.states import DagRunState


def test_every_state_of_a_dag_run_has_a_code() -> None:
    codes = {state: code_of_state(state) for state in get_args(DagRunState)}
    assert codes == {
        "running": 130,
        "ok": 0,
        "failed": 1,
        "cancelled": 1,
        "paused": 4,
        "interrupted": 130,
    }


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("x"), 2),
        (UnknownFlag("x"), 2),
        (InputErrors([InputError("x")]), 2),
        (RunError("x"), 1),
        (LedgerError("x"), 3),
        (InternalError("x"), 70),
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(), 0),
        (KeyError("x"), 70),
        (OSError("x"), 70),
    ],
)
def test_errors(error: BaseException, code: int) -> None:
    assert code_of_error(error) == code
