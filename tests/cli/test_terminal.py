from __future__ import annotations

import io

import pytest

from metaensemble.cli.terminal import columns, has_boxes, has_colour, paint


class Stream(io.StringIO):
    def __init__(self, *, tty: bool, encoding: str = "utf-8") -> None:
        super().__init__()
        self.tty = tty
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        if self.closed:
            raise ValueError
        return self.tty


@pytest.mark.parametrize(
    ("tty", "term", "environ", "colour"),
    [
        (True, "xterm", {}, True),
        (False, "xterm", {}, False),
        (True, "dumb", {}, False),
        (True, "", {}, False),
        (True, "xterm", {"NO_COLOR": "1"}, False),
        (True, "xterm", {"NO_COLOR": ""}, True),
        (False, "xterm", {"FORCE_COLOR": "1"}, True),
        (False, "xterm", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_colour(
    monkeypatch: pytest.MonkeyPatch, tty: bool, term: str, environ: dict[str, str], colour: bool
) -> None:
    monkeypatch.setenv("TERM", term)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert has_colour(Stream(tty=tty)) is colour


@pytest.mark.parametrize(
    ("encoding", "boxes"), [("utf-8", True), ("ascii", False), ("iso-8859-1", False), ("no-such", False)]
)
def test_boxes(encoding: str, boxes: bool) -> None:
    assert has_boxes(Stream(tty=True, encoding=encoding)) is boxes


def test_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "5")
    assert columns(Stream(tty=True)) == 20
    monkeypatch.delenv("COLUMNS")
    assert columns(Stream(tty=False)) is None


def test_a_closed_stream_is_no_terminal() -> None:
    stream = Stream(tty=True)
    stream.close()
    assert not has_colour(stream)


def test_paint() -> None:
    assert paint("x", "31", colour=True) == "\x1b[31mx\x1b[0m"
    assert paint("x", "31", colour=False) == "x"
    assert paint("", "31", colour=True) == ""
