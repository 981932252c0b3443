"""Gemini CLI: `gemini --output-format stream-json`, the message on standard input."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ..client import Install, Launch, Turn
from ..protocol import Capabilities
from .gemini_reader import GeminiReader
from .rights import may_change, may_run

_SETTINGS: Final = "GEMINI_CLI_SYSTEM_SETTINGS_PATH"
"""Names a file whose settings win over the user's. Repeating is the engine's: where the client repeats after
a stream that broke off, it tells the part that came, and then the whole, as one text."""

_OF_AN_OUTER_SESSION: Final = ("GEMINI_CLI", "GEMINI_SESSION_ID", "GEMINI_PROJECT_DIR")


@dataclass(frozen=True)
class Gemini:
    """The client `gemini`. It knows no schema: the runtime asks again for an answer that breaks one."""

    @property
    def name(self) -> str:
        return "gemini"

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(session_resume=True, speaks_while_running=True)

    @property
    def install(self) -> Install:
        return Install(program="gemini", line="npm install -g @google/gemini-cli", minimum="0.61.0")

    @property
    def models(self) -> Mapping[str, str]:
        return {"opus": "gemini-2.5-pro", "sonnet": "gemini-2.5-pro", "haiku": "gemini-2.5-flash"}

    def launch(self, turn: Turn, environ: Mapping[str, str]) -> Launch:
        argv = ["gemini", "--output-format", "stream-json", "--approval-mode", _mode(turn)]
        # Without a model the client asks one which to take, at our cost.
        if turn.model is not None:
            argv += ["--model", turn.model]
        if turn.session is not None:
            argv += ["--resume", turn.session]
        elif turn.new_session:
            argv += ["--session-id", turn.new_session]
        # The client's own standing text says how its tools are used; ours goes before the message.
        prompt = f"{turn.system}\n\n{turn.prompt}" if turn.system and turn.number == 1 else turn.prompt
        # Whoever runs the graph has said that this folder may be worked in.
        env = {"GEMINI_CLI_TRUST_WORKSPACE": "true"}
        files = {}
        if _SETTINGS not in environ:
            env[_SETTINGS] = f"{turn.folder}/settings.json"
            files[env[_SETTINGS]] = json.dumps({"general": {"maxAttempts": 1}}).encode()
        return Launch(
            argv=tuple(argv),
            env=env,
            unset=tuple(name for name in _OF_AN_OUTER_SESSION if name in environ),
            stdin=prompt.encode("utf-8", "replace"),
            files=files,
        )

    def reader(self, turn: Turn) -> GeminiReader:
        return GeminiReader(turn)


def _mode(turn: Turn) -> str:
    """How much the client does without asking anybody, for there is nobody: what it would ask for it does not
    even offer."""
    if may_run(turn.tools):
        return "yolo"
    return "auto_edit" if may_change(turn.tools) else "default"
