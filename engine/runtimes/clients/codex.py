"""Codex CLI: `codex exec --json`, the message on standard input."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ..client import Install, Launch, Turn
from ..protocol import Capabilities
from .arguments import fits
from .codex_reader import CodexReader
from .strict_schema import strict

_CHANGES: Final = frozenset({"Bash", "Edit", "MultiEdit", "NotebookEdit", "Write"})
"""The tools of a Role that change files, or may."""


@dataclass(frozen=True)
class Codex:
    """The client `codex`. It says neither what a turn cost nor which model answered."""

    @property
    def name(self) -> str:
        return "codex"

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(structured_output=True, session_resume=True, speaks_while_running=True)

    @property
    def install(self) -> Install:
        return Install(program="codex", line="npm install -g @openai/codex", minimum="0.169.0")

    @property
    def models(self) -> Mapping[str, str]:
        return {}

    def launch(self, turn: Turn, environ: Mapping[str, str]) -> Launch:  # noqa: ARG002 - the protocol's
        files: dict[str, bytes] = {}
        argv = ["codex", "exec"]
        if turn.session is not None:
            argv.append("resume")
        argv += ["--json", "--skip-git-repo-check"]
        # Nobody is there to approve anything; what leaves the sandbox is refused.
        argv += _settings({"approval_policy": "never", "sandbox_mode": _sandbox(turn)})
        prompt = turn.prompt
        if turn.system:
            # A session keeps the standing text that it began with; the message carries what holds now.
            if turn.session is None and fits(turn.system):
                argv += _settings({"developer_instructions": turn.system})
            elif turn.number == 1:
                prompt = f"{turn.system}\n\n{turn.prompt}"
        if turn.model is not None:
            argv += ["--model", turn.model]
        schema = strict(turn.schema)
        if schema is not None:
            path = f"{turn.folder}/schema-{turn.number}.json"
            files[path] = json.dumps(schema).encode()
            argv += ["--output-schema", path]
        if turn.session is not None:
            argv.append(turn.session)
        return Launch(
            argv=(*argv, "-"),
            stdin=prompt.encode("utf-8", "replace"),
            files=files,
        )

    def reader(self, turn: Turn) -> CodexReader:
        return CodexReader(turn)


def _sandbox(turn: Turn) -> str:
    """The client has no list of tools to limit; a Role that changes nothing can be held to that."""
    reads_only = turn.tools is not None and not any(name.split("(", 1)[0] in _CHANGES for name in turn.tools)
    return "read-only" if reads_only else "workspace-write"


def _settings(values: Mapping[str, str]) -> list[str]:
    return [word for name, value in values.items() for word in ("-c", f"{name}={_toml(value)}")]


def _toml(text: str) -> str:
    """A basic string of TOML. It differs from one of JSON in that DEL is escaped, and surrogates are not."""
    clean = text.encode("utf-8", "replace").decode()
    return json.dumps(clean, ensure_ascii=False).replace("\x7f", "\\u007f")
