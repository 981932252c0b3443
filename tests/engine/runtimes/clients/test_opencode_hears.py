"""opencode asks again for as long as it takes, and says so in its log alone."""

from __future__ import annotations

from metaensemble.engine.runtimes.client import Hears, Seen, Turn, TurnEnd
from metaensemble.engine.runtimes.clients.opencode import Opencode
from metaensemble.engine.runtimes.clients.opencode_reader import OpencodeReader

TURNED_AWAY = (
    b'timestamp=2026-11-26T08:10:20.124Z level=ERROR run=fe51c6bc message="stream error" providerID=p modelID=m'
    b' session.id=ses_1 small=false agent=build mode=primary error.error="AI_APICallError: too many requests"'
)
STARTED = b'{"type": "step_start", "sessionID": "ses_1", "part": {"type": "step-start"}}'
BROKEN = b'{"type": "step_finish", "part": {"reason": "unknown", "tokens": {"input": 0, "output": 0}}}'


def reader() -> OpencodeReader:
    return Opencode().reader(Turn(system="", prompt=""))


def ended(told: OpencodeReader) -> TurnEnd:
    return told.end(status=None, signal=15, stderr="")


def test_it_is_started_so_that_it_says_so() -> None:
    made = Opencode().launch(Turn(system="", prompt=""), {})
    assert "--print-logs" in made.argv
    assert isinstance(reader(), Hears)


def test_a_turn_that_was_given_up_has_the_reason_of_its_last_trouble() -> None:
    told = reader()
    assert list(told.hear(TURNED_AWAY)) == [Seen(waits=0.0)]
    end = ended(told)
    assert (end.outcome, end.failure, end.reason) == ("failed", "rate_limited", "too many requests")


def test_a_stream_that_broke_off_is_trouble_too() -> None:
    told = reader()
    told.feed(STARTED)
    (seen,) = told.feed(BROKEN)
    assert seen.waits == 0.0
    assert ended(told).failure == "truncated"


def test_trouble_that_passed_is_forgotten() -> None:
    told = reader()
    told.hear(TURNED_AWAY)
    told.feed(STARTED)
    assert ended(told).failure == "no_result"


def test_the_title_and_other_lines_are_no_trouble() -> None:
    told = reader()
    assert not told.hear(TURNED_AWAY.replace(b"small=false", b"small=true"))
    assert not told.hear(b"")
    assert not told.hear(b"\xff\xfe level=ERROR")
