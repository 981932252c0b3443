"""What an earlier Coordinator left of an attempt: its turns, and what lay where it was to write."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from ..private_files import write_private
from .agent_turn import Finished, recorded_turns
from .before import NOTHING, Identity
from .client import Client, Seen
from .protocol import AttemptRequest

_BEFORE: Final = "before.json"


def ended_turns(
    client: Client, request: AttemptRequest, see: Callable[[Seen], None]
) -> list[Finished] | None:
    """The turns of an attempt whose last one has ended by itself, or by the attempt's own limit; None where
    it has not, or where something in the folder is not of this attempt. `see` is told what they told."""
    found = list(recorded_turns(client, request.scratch, lambda _: None))
    if not found or not all(_is_ended(turn, request) for turn in found):
        return None
    # Read once more where what is told meanwhile counts.
    return list(recorded_turns(client, request.scratch, see))


def _is_ended(turn: Finished, request: AttemptRequest) -> bool:
    envelope = turn.envelope
    if envelope is None:
        return False
    named = envelope.attempt, envelope.key, envelope.turn
    if named != (request.run_id, request.key, turn.turn.number):
        return False
    return envelope.by_itself or envelope.stopped == "wall"


def keep_before(request: AttemptRequest, before: Mapping[str, Identity]) -> None:
    """Note what lies where the attempt is to write, for whoever adopts it. Raises `OSError`."""
    if before:
        write_private(Path(request.scratch) / _BEFORE, json.dumps(dict(before)).encode("ascii"), durable=True)


def kept_before(request: AttemptRequest) -> Mapping[str, Identity]:
    """What was noted; nothing where nothing lay there."""
    try:
        given = json.loads((Path(request.scratch) / _BEFORE).read_bytes())
    except FileNotFoundError:
        return NOTHING
    return {path: (one[0], one[1], one[2], one[3], one[4]) for path, one in given.items()}
