"""As many nodes at once as this process may have files open for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ...schemas.progress import Note, Observer
from ..process.open_files import current_limit, room_for
from .session import Session

RESERVE = 32
"""Open files beside those of the attempts: the event loop, the spawner, the Ledger with what it opens for a
moment, and the threads that read large outputs."""


@contextmanager
def room_to_run(session: Session, observer: Observer | None) -> Iterator[None]:
    """Let `session` drive its DAG run within the limit of open files.

    The limit is raised for the block, as far as it is needed and the system allows. Where that is not
    enough, fewer nodes run at once, and `observer` is told.
    """
    each = session.open_files_each
    wanted = session.most_at_once
    with room_for(RESERVE + each * wanted) as room:
        fits = max(1, (room - RESERVE) // each) if each else wanted
        if fits < wanted:
            session.with_concurrency(fits)
            if observer is not None:
                observer.notice(Note(_sentence(fits, wanted)))
        yield


def _sentence(fits: int, wanted: int) -> str:
    nodes = "1 node runs" if fits == 1 else f"{fits} nodes run"
    limit = current_limit()
    return f"at most {nodes} at once, not {wanted}: only {limit} files may be open here (see `ulimit -Hn`)"
