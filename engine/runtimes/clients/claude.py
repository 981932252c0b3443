"""Claude Code: `claude -p`, with lines of JSON in both directions."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..client import Install, Launch, Turn
from ..protocol import Capabilities
from .arguments import fits
from .claude_reader import ClaudeReader

_COMMON: Final = (
    *("claude", "-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"),
    # Edits in the working directory pass; what else would ask a person is denied, for there is none.
    *("--permission-mode", "acceptEdits"),
)

# It retries ten times by itself, a wrong key too. One retry bridges a dropped connection; the rest is ours.
_BOUNDS: Final = {"CLAUDE_CODE_MAX_RETRIES": "1", "DISABLE_AUTOUPDATER": "1"}
_ALWAYS: Final = {"CLAUDE_CODE_DISABLE_FILE_MENTIONS": "1"}

# What a session of Claude Code leaves in the environment of programs that it starts, such as this one.
_OF_AN_OUTER_SESSION: Final = (
    "CLAUDECODE",
    "CLAUDE_CODE_ENTRYPOINT",
    "CLAUDE_CODE_SESSION_ID",
    "CLAUDE_CODE_SSE_PORT",
    "CLAUDE_ENV_FILE",
    "CLAUDE_PID",
    "CLAUDE_PROJECT_DIR",
)

_LAST_BLOCK: Final = "Begin."


@dataclass(frozen=True)
class Claude:
    """The client `claude`. `clock` gives seconds since the epoch, to tell how long a spent window lasts."""

    clock: Callable[[], float] = time.time

    @property
    def name(self) -> str:
        return "claude"

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            structured_output=True,
            session_resume=True,
            budget_cap=True,
            turn_cap=True,
            live_usage=True,
            cost=True,
            speaks_while_running=True,
        )

    @property
    def install(self) -> Install:
        return Install(program="claude", line="npm install -g @anthropic-ai/claude-code", minimum="2.1.197")

    @property
    def models(self) -> Mapping[str, str]:
        return {"opus": "opus", "sonnet": "sonnet", "haiku": "haiku"}

    def launch(self, turn: Turn, environ: Mapping[str, str]) -> Launch:
        files: dict[str, bytes] = {}
        argv = [*_COMMON, *_session(turn)]
        if turn.system:
            standing = f"{turn.folder}/system-{turn.number}.md"
            files[standing] = turn.system.encode("utf-8", "replace")
            argv += ["--append-system-prompt-file", standing]
        if turn.model is not None:
            argv += ["--model", turn.model]
        if turn.max_turns is not None:
            argv += ["--max-turns", str(turn.max_turns)]
        if turn.budget_usd is not None:
            argv += ["--max-budget-usd", f"{turn.budget_usd:.6f}".rstrip("0").rstrip(".")]
        schema = _schema(turn.schema)
        if schema is not None:
            argv += ["--json-schema", schema]
        if turn.tools is not None:
            argv += _tools(turn.tools)
        bounds = {name: value for name, value in _BOUNDS.items() if name not in environ}
        return Launch(
            argv=tuple(argv),
            env={**bounds, **_ALWAYS},
            unset=tuple(name for name in _OF_AN_OUTER_SESSION if name in environ),
            stdin=_message(turn),
            files=files,
        )

    def reader(self, turn: Turn) -> ClaudeReader:
        return ClaudeReader(turn, clock=self.clock)


def _session(turn: Turn) -> list[str]:
    if turn.session is not None:
        return ["--resume", turn.session]
    return ["--session-id", turn.new_session] if turn.new_session else []


def _schema(schema: Any) -> str | None:
    """The schema as an argument, where the client can use it: its answer is the input of a tool, and so an
    object. What it cannot use is left to the check that every answer meets afterwards."""
    if not isinstance(schema, Mapping) or schema.get("type") != "object":
        return None
    # The client knows one dialect, and offers nothing at all when another is named.
    text = json.dumps({key: value for key, value in schema.items() if key not in {"$schema", "$id"}})
    return text if fits(text) else None


def _tools(tools: tuple[str, ...]) -> list[str]:
    """Limit the built-in tools to those named, and let these run without asking. A name may narrow what it
    allows, as in `Bash(git *)`; tools of servers are not built in."""
    built_in = dict.fromkeys(name.split("(", 1)[0].strip() for name in tools if not name.startswith("mcp__"))
    limited = ["--tools", ",".join(built_in)]
    return [*limited, "--allowedTools", *tools] if tools else limited


def _message(turn: Turn) -> bytes:
    """The message as one line.

    The client takes the last block for what a person typed: a slash command at its start is carried out,
    and a file after an `@` is put in, wherever it lies. So the last block is ours, and never theirs.
    The standing text of a session that is gone on with is the one it began with, whatever a later launch
    says; the first message then carries what holds now.
    """
    parts = [turn.prompt, _LAST_BLOCK]
    if turn.session is not None and turn.number == 1 and turn.system:
        parts.insert(0, turn.system)
    content = [{"type": "text", "text": part} for part in parts if part]
    line = {"type": "user", "message": {"role": "user", "content": content}}
    return json.dumps(line).encode("ascii") + b"\n"
