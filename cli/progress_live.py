"""Progress on a terminal: what ended above, and below it a few lines that stay and change."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Self, TextIO

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.markup import escape
from rich.text import Text

from ..engine.render.strokes import ASCII, BOXES
from ..engine.render.words import ticking
from ..schemas.progress import Grew, NodeChanged, Note, Progress, RunEnded, RunStarted, SourceChanged
from .plain import plain
from .progress_tally import Tally
from .progress_words import WORD, line_of, source_words, start_of
from .terminal import has_boxes, has_colour, size_by_hand

STYLES = {
    "ok": "green",
    "failed": "bold red",
    "blocked": "yellow",
    "skipped": "dim",
    "cancelled": "magenta",
    "waiting": "yellow",
    "running": "cyan",
    "retry": "yellow",
}
SPOKEN_OF = frozenset({"failed", "blocked", "cancelled", "waiting"})
"""Ends that get a line that stays; `ok` and `skipped` are only counted, except on request."""

REFRESHES = 8
"""How often a second the picture is drawn anew."""


class LiveProgress:
    """An Observer that keeps a small picture at the bottom of the terminal.

    `now_ms` gives Unix time in milliseconds. The picture is drawn by a thread of rich; the lock keeps
    it from reading half a change.
    """

    told_source = False

    def __init__(
        self,
        stream: TextIO,
        *,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        width, height = size_by_hand()
        self._console = Console(
            file=stream,
            highlight=False,
            # Without a colour system rich leaves out bold and dim as well.
            color_system="auto" if has_colour(stream) else None,
            width=width,
            height=height,
        )
        self._tally = Tally()
        self._now_ms = now_ms
        self._began_ms = now_ms()
        self._lock = threading.Lock()
        self._glyphs = (BOXES if has_boxes(stream) else ASCII).states
        self._live = Live(self, console=self._console, refresh_per_second=REFRESHES, transient=True)

    def __enter__(self) -> Self:
        with suppress(OSError):
            try:
                self._live.start()
            except RuntimeError:
                # All is set up but for the thread, which the system does not allow: the picture changes
                # only when a line is written.
                self._live.auto_refresh = False
        return self

    def __exit__(self, *raised: object) -> None:
        with suppress(OSError):
            self._live.stop()

    def notice(self, progress: Progress) -> None:
        """Take it into the picture; what people must not miss also gets a line that stays."""
        with suppress(OSError):
            match progress:
                case RunStarted(_, name):
                    with self._lock:
                        self._tally.start(progress)
                        self._began_ms = self._now_ms()
                    verb, rest = start_of(progress)
                    self._console.print(f"{verb} [bold]{escape(plain(name))}[/bold], {rest}", soft_wrap=True)
                case SourceChanged(gone):
                    self.told_source = True
                    self._console.print(Text(source_words(gone=gone)), soft_wrap=True)
                case NodeChanged():
                    with self._lock:
                        self._tally.change(progress)
                    if progress.state in SPOKEN_OF:
                        self._line(progress)
                case Grew():
                    with self._lock:
                        self._tally.grow(progress)
                case Note(text):
                    self._console.print(Text(text), soft_wrap=True)
                case RunEnded():
                    self._live.stop()

    def _line(self, changed: NodeChanged) -> None:
        state, rest = line_of(changed)
        text = Text(f"{state:<{WORD}} ", style=STYLES.get(state, ""))
        self._console.print(text.append(rest, style="default"), soft_wrap=True)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        with self._lock:
            yield from self._picture(options.max_width, max(1, console.size.height - 4))

    def _picture(self, width: int, height: int) -> list[Text]:
        now = self._now_ms()
        tally = self._tally
        lines = [self._clip(self._bar(width), width), self._clip(self._counts(now), width)]
        running = sorted(tally.running.items(), key=lambda item: item[1].since_ms)
        room = min(height - 2, 12)
        for node_id, node in running[: max(0, room)]:
            text = Text(f"  {self._glyphs['running']} ", style="cyan").append(node_id, style="default")
            text.append(f"  {ticking(max(0, now - node.since_ms))}", style="dim")
            if node.attempt_no > 1:
                text.append(f"  attempt {node.attempt_no}", style="yellow")
            lines.append(self._clip(text, width))
        if len(running) > max(0, room):
            lines.append(Text(f"  and {len(running) - max(0, room)} more", style="dim"))
        return lines

    def _bar(self, width: int) -> Text:
        tally = self._tally
        cells = max(10, min(40, width - 30))
        share = tally.ended / tally.total if tally.total else 0.0
        full = round(cells * share)
        solid, empty = ("━", "─") if self._glyphs is BOXES.states else ("#", "-")
        bar = Text(solid * full, style="green").append(empty * (cells - full), style="dim")
        return bar.append(f" {tally.ended}/{tally.total}", style="bold")

    def _counts(self, now: int) -> Text:
        text = Text()
        for state, count in self._tally.counts().items():
            text.append(f"{self._glyphs[state]} {count} {state}  ", style=STYLES.get(state, "dim"))
        text.append(ticking(max(0, now - self._began_ms)), style="dim")
        eta = self._tally.eta_ms(now)
        if eta is not None:
            text.append(f", about {ticking(max(1000, eta))} left", style="dim")
        return text

    def _clip(self, text: Text, width: int) -> Text:
        text.truncate(max(1, width), overflow="ellipsis" if self._glyphs is BOXES.states else "crop")
        text.no_wrap = True
        return text
