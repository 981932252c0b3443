"""How the output of a turn is read while it is being written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metaensemble.engine.process.shim_link import Envelope
from metaensemble.engine.runtimes import agent_turn
from metaensemble.engine.runtimes.agent_turn import Reading
from metaensemble.engine.runtimes.client import Seen, Turn, TurnEnd
from support.fake_agent import FakeAgent

TURN = Turn(system="", prompt="")


class Collects:
    """A reader that keeps the lines that it is given."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def feed(self, line: bytes) -> Sequence[Seen]:
        self.lines.append(line)
        return ()

    def end(self, *, status: int | None, signal: int | None, stderr: str) -> TurnEnd:
        return TurnEnd(text=f"{status} {signal} {stderr}")


class Client(FakeAgent):
    """A client with such a reader."""

    def __init__(self, kept: Collects) -> None:
        super().__init__()
        object.__setattr__(self, "kept", kept)

    def reader(self, turn: Turn) -> Collects:  # type: ignore[override]
        return self.kept  # type: ignore[attr-defined,no-any-return]


def ended(**fields: object) -> Envelope:
    given: dict[str, object] = dict.fromkeys(Envelope.__dataclass_fields__)
    given |= {"status": 0, "killed": False, "started_ms": 0, "ended_ms": 1}
    return Envelope(**(given | fields))  # type: ignore[arg-type]


PIECES = st.lists(
    st.sampled_from([b"y\n", b"\n", b"{}", b"{\n", b"x", b"a{b\n", b" \n", b"\r\n"]), max_size=40
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(writes=st.lists(PIECES, max_size=4), chunk=st.integers(1, 9))
def test_whole_lines_with_an_object_arrive_however_they_are_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: list[list[bytes]], chunk: int
) -> None:
    monkeypatch.setattr(agent_turn, "_CHUNK", chunk)
    kept = Collects()
    (tmp_path / "stdout").write_bytes(b"")
    reading = Reading(Client(kept), TURN, tmp_path, lambda _: None)
    for pieces in writes:
        with (tmp_path / "stdout").open("ab") as file:
            file.write(b"".join(pieces))
        reading.read_on()
    reading.finish(ended())
    whole = b"".join(piece for pieces in writes for piece in pieces)
    assert kept.lines == [line.removesuffix(b"\r") for line in whole.split(b"\n") if b"{" in line]


def test_what_nobody_waits_for_is_not_read_and_has_not_ended_by_itself(tmp_path: Path) -> None:
    kept = Collects()
    (tmp_path / "stdout").write_bytes(b"{}\n")
    reading = Reading(Client(kept), TURN, tmp_path, lambda _: None)
    reading.abandon()
    finished = reading.finish(ended())
    assert (kept.lines, finished.abandoned, finished.by_itself) == ([], True, False)
