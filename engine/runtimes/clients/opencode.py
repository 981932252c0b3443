"""opencode: `opencode run --format json`, the message on standard input."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..client import Install, Launch, Turn
from ..protocol import Capabilities
from .lines import mapping
from .opencode_reader import OpencodeReader
from .rights import may_change, may_run

_CONFIG: Final = "OPENCODE_CONFIG_CONTENT"
"""Holds settings that come on top of those in files."""

_QUIET: Final = {
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    # It puts a package for plugins into the project by npm whenever it starts, and waits for that.
    "npm_config_offline": "true",
    "npm_config_fetch_retries": "0",
}


@dataclass(frozen=True)
class Opencode:
    """The client `opencode`. Its models are named `provider/model`; there are none that all users have."""

    @property
    def name(self) -> str:
        return "opencode"

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(session_resume=True, live_usage=True, cost=True, speaks_while_running=True)

    @property
    def install(self) -> Install:
        return Install(program="opencode", line="npm install -g opencode-ai", minimum="1.18.0")

    @property
    def models(self) -> Mapping[str, str]:
        return {}

    def launch(self, turn: Turn, environ: Mapping[str, str]) -> Launch:
        # It tries again for as long as it takes, and says so in its log alone.
        argv = ["opencode", "run", "--format", "json", "--print-logs", "--log-level", "ERROR"]
        # With a title of ours it asks no model for one.
        if turn.model is not None:
            argv += ["--model", turn.model]
        argv += ["--session", turn.session] if turn.session is not None else ["--title", "metaensemble"]
        files: dict[str, bytes] = {}
        config = _given(environ)
        config["permission"] = {**mapping(config.get("permission")), **_rights(turn.tools)}
        if turn.system:
            standing = f"{turn.folder}/system-{turn.number}.md"
            files[standing] = turn.system.encode("utf-8", "replace")
            known = config.get("instructions")
            config["instructions"] = [*(known if isinstance(known, list) else []), standing]
        quiet = {name: value for name, value in _QUIET.items() if name not in environ}
        return Launch(
            argv=tuple(argv),
            env={**quiet, _CONFIG: json.dumps(config)},
            stdin=turn.prompt.encode("utf-8", "replace"),
            files=files,
        )

    def reader(self, turn: Turn) -> OpencodeReader:
        return OpencodeReader(turn)


def _given(environ: Mapping[str, str]) -> dict[str, Any]:
    """The settings that the user hands over in the same way."""
    try:
        return dict(mapping(json.loads(environ.get(_CONFIG, "{}"))))
    except ValueError:
        return {}


def _rights(tools: tuple[str, ...] | None) -> dict[str, str]:
    """What the client may do without asking; what it would ask for is denied, for there is nobody."""
    return {
        "edit": "allow" if may_change(tools) else "deny",
        "bash": "allow" if may_run(tools) else "deny",
        "external_directory": "deny",
    }
