"""What Claude Code prints in the course of a turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from ..client import Seen, Turn, TurnEnd, Usage
from .claude_end import Told, turn_end
from .lines import count, mapping, mappings, number, read_object, words

_WRITES: Final = {
    "Write": "file_path",
    "Edit": "file_path",
    "MultiEdit": "file_path",
    "NotebookEdit": "notebook_path",
}

_NOT_OFFERED: Final = "No such tool available"
_SYNTHETIC: Final = "<synthetic>"
"""The model of messages that the client made up itself, to report an error."""


class ClaudeReader:
    """Reads the lines of one turn.

    There is one event per block of a message, all with the same id and usage: a message's usage is seen
    once. Its output is not final there; what counts in the end is the last `result`.
    """

    def __init__(self, turn: Turn, *, clock: Callable[[], float]) -> None:
        self._told = Told(resumed=turn.session is not None, clock=clock)
        self._known: set[str] = set()
        self._tools: dict[str, str] = {}

    def feed(self, line: bytes) -> Sequence[Seen]:
        event = read_object(line)
        if event is None:
            return ()
        kind = event.get("type")
        if kind == "system":
            return self._on_system(event)
        if kind == "assistant":
            return self._on_assistant(event)
        if kind == "user":
            return self._not_offered(event)
        if kind == "result":
            self._told.results.append(event)
            return self._denied(event)
        elif kind == "rate_limit_event":
            self._told.limit = mapping(event.get("rate_limit_info"))
        return ()

    def _not_offered(self, event: dict[str, Any]) -> Sequence[Seen]:
        return [
            Seen(refused=self._tools.get(words(block.get("tool_use_id")), "tool"))
            for block in mappings(mapping(event.get("message")).get("content"))
            if block.get("is_error") and _NOT_OFFERED in str(block.get("content"))
        ]

    def _denied(self, event: dict[str, Any]) -> Sequence[Seen]:
        """What a person would have been asked about; a later result tells of an earlier one's again."""
        found = []
        for denial in mappings(event.get("permission_denials")):
            name = words(denial.get("tool_use_id"))
            if name not in self._known:
                self._known.add(name)
                found.append(Seen(refused=words(denial.get("tool_name")) or "tool"))
        return found

    def end(self, *, status: int | None, signal: int | None, stderr: str) -> TurnEnd:
        return turn_end(self._told, status=status, signal=signal, stderr=stderr)

    def _on_system(self, event: dict[str, Any]) -> Sequence[Seen]:
        if event.get("subtype") == "init":
            self._told.session = words(event.get("session_id")) or None
            self._told.paid_by = words(event.get("apiKeySource"))
            return (Seen(session=self._told.session),)
        if event.get("subtype") == "api_retry":
            self._told.retry = event
            delay = number(event.get("retry_delay_ms"))
            return () if delay is None else (Seen(waits=delay / 1000),)
        return ()

    def _on_assistant(self, event: dict[str, Any]) -> Sequence[Seen]:
        message = mapping(event.get("message"))
        if message.get("model") == _SYNTHETIC:
            return ()
        self._told.retry = {}
        seen = []
        inner = bool(event.get("parent_tool_use_id"))
        if not inner:
            self._told.model = words(message.get("model")) or self._told.model
        name = words(message.get("id"))
        if name not in self._known:
            self._known.add(name)
            usage = _usage(mapping(message.get("usage")))
            self._told.begun += usage
            if inner:
                self._told.inner += usage
            seen.append(Seen(usage=usage))
        for block in mappings(message.get("content")):
            if block.get("type") == "tool_use":
                tool = words(block.get("name"))
                self._tools[words(block.get("id"))] = tool
                file = words(mapping(block.get("input")).get(_WRITES.get(tool, ""))) or None
                seen.append(Seen(tool=tool, file=file))
        return seen


def _usage(figures: dict[str, Any]) -> Usage:
    return Usage(
        tokens_in=count(figures.get("input_tokens")),
        tokens_out=count(figures.get("output_tokens")),
        cache_read_tokens=count(figures.get("cache_read_input_tokens")),
        cache_create_tokens=count(figures.get("cache_creation_input_tokens")),
    )
