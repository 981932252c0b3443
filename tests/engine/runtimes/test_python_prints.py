"""The forked standard streams."""

from __future__ import annotations

import contextlib
import io
import sys
from contextvars import copy_context

import pytest

from metaensemble.engine.masking import Masker
from metaensemble.engine.runtimes import python_prints
from metaensemble.engine.runtimes.capture import Capture
from metaensemble.engine.runtimes.python_prints import Prints
from support.fakes import MemoryBlobs


def prints() -> Prints:
    masker = Masker({})
    return Prints(Capture(MemoryBlobs(), masker), Capture(MemoryBlobs(), masker), lambda _: None)


def printed(mine: Prints) -> str:
    text = mine.stdout.finish()
    return text.head if text is not None else ""


def say(mine: Prints, text: str) -> None:
    def inner() -> None:
        mine.enter()
        print(text)

    copy_context().run(inner)


def test_streams_are_put_back_when_the_last_one_who_needs_them_is_gone() -> None:
    before = sys.stdout, sys.stderr
    python_prints.install()
    python_prints.install()
    python_prints.remove()
    assert sys.stdout is not before[0]
    python_prints.remove()
    assert (sys.stdout, sys.stderr) == before


def test_a_stream_that_somebody_else_has_put_there_stays(capsys: pytest.CaptureFixture[str]) -> None:
    mine, before = prints(), sys.stdout
    python_prints.install()
    with contextlib.redirect_stdout(io.StringIO()) as other:
        python_prints.remove()
        assert sys.stdout is other
    # It was forked when the redirection began; now it passes everything on, and can be forked again.
    print("through")
    python_prints.install()
    say(mine, "mine")
    print("not mine")
    python_prints.remove()
    sys.stdout = before
    assert printed(mine) == "mine\n"
    assert capsys.readouterr().out == "through\nnot mine\n"


def test_nothing_is_kept_after_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    mine = prints()
    python_prints.install()
    say(mine, "one")
    mine.close()
    say(mine, "two")
    python_prints.remove()
    assert printed(mine) == "one\n"
    assert capsys.readouterr() == ("", "")
