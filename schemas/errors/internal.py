"""Faults of ours: what should never happen, with the story that explains it."""

from __future__ import annotations

from collections.abc import Sequence

from .base import InternalError


class IllegalTransition(InternalError):
    """An event reached a node in a state that has no rule for it.

    The scheduler's table of transitions is total, so this is a defect of the program (or a Ledger
    whose records were altered by hand). Nothing was changed by the event. The story lists every
    event that the node has seen; please add it to a report of the bug.

    Example:

    ```python
    from metaensemble.engine.scheduler.transitions import next_state
    next_state("ok", "attempt_started", story=())
    ```

    Use instead:

    ```python
    from metaensemble.engine.scheduler.transitions import next_state
    next_state("ready", "attempt_started", story=())
    ```
    """

    code = "ME901"

    def __init__(self, message: str, *, story: Sequence[str] = (), task: str | None = None) -> None:
        super().__init__(message, task=task, story=list(story))
        self.story = tuple(story)


class InvariantBroken(InternalError):
    """A rule that must hold after every event does not hold.

    `Scheduler.validate()` found it; the program checks itself this way in its tests and after a
    resume. Please report it with the story that was printed.

    Example:

    ```python
    from metaensemble.schemas.errors import InvariantBroken
    raise InvariantBroken("3 nodes run where `concurrency.max` is 2")
    ```

    Use instead:

    ```python
    from metaensemble.schemas.errors import InvariantBroken
    assert InvariantBroken.exit_code == 70
    ```
    """

    code = "ME902"

    def __init__(self, message: str, *, story: Sequence[str] = (), task: str | None = None) -> None:
        super().__init__(message, task=task, story=list(story))
        self.story = tuple(story)


class UnexpectedError(InternalError):
    """The program met an exception that it does not know.

    It is a fault of ours, not of your graph. What was recorded stays recorded, and the DAG run can
    be resumed. Please report it with the text that was printed.

    Example:

    ```python
    from metaensemble.schemas.errors import UnexpectedError
    raise UnexpectedError("KeyError: 'x'")
    ```

    Use instead:

    ```python
    from metaensemble.schemas.errors import UnexpectedError
    assert UnexpectedError.exit_code == 70
    ```
    """

    code = "ME900"
