"""Any model API, through `pydantic-ai-slim`: the client is a program of ours, `api_program`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..client import Install, Launch, Turn
from ..protocol import Capabilities
from .api_reader import ApiReader

_PROGRAM: Final = Path(__file__).with_name("api_program.py")
_SESSIONS: Final = ".metaensemble/state/sessions"


@dataclass(frozen=True)
class Api:
    """The client `api`. A model is named `provider:model`, such as `openai:NAME`, `anthropic:NAME` or
    `google:NAME`; a server of one's own that speaks OpenAI's language is `openai-chat:NAME`, with its address
    in `OPENAI_BASE_URL`.

    The agent has no tools: it reads what it is sent and answers.
    """

    @property
    def name(self) -> str:
        return "api"

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(structured_output=True, session_resume=True, turn_cap=True)

    @property
    def install(self) -> Install:
        return Install(
            program=sys.executable,
            line="pip install 'metaensemble[api]'",
            minimum="",
            module="pydantic_ai",
        )

    @property
    def models(self) -> Mapping[str, str]:
        return {}

    def launch(self, turn: Turn, environ: Mapping[str, str]) -> Launch:
        home = environ.get("HOME") or turn.folder
        asked = {
            "model": turn.model,
            "system": turn.system,
            "prompt": turn.prompt,
            "schema": turn.schema,
            "session": turn.session or turn.new_session,
            "resumed": turn.session is not None,
            "sessions": f"{home}/{_SESSIONS}",
            "max_requests": turn.max_turns,
        }
        return Launch(argv=(sys.executable, str(_PROGRAM)), stdin=json.dumps(asked).encode("ascii"))

    def reader(self, turn: Turn) -> ApiReader:
        return ApiReader(turn)
