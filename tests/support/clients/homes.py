"""Environments in which a client knows nobody but the scripted model server."""

from __future__ import annotations

import json
import os
import select
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.model_server import ModelServer

from .found import PACKAGES

MADE_UP = "made-up-key-for-tests"
MODEL = "mock-model"
"""The model of the clients that have to be told one."""


@dataclass(frozen=True)
class Home:
    """The home of one client, below `root`: `environ` is all that its processes get to see."""

    name: str
    root: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    def processes(self) -> list[int]:
        """The processes that still run in this home, wherever they went, shims among them: all that have it
        in their environment. Zombies are not counted."""
        wanted = os.fsencode(f"{self.root}/")
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if wanted in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def wait_until_ended(self, timeout: float = 30.0) -> None:
        """Wait until no process is left, of those that went on without their Coordinator."""
        deadline = time.monotonic() + timeout
        while self.processes():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.processes()} still run")
            select.select([], [], [], 0.05)


def make_home(name: str, root: Path, server: ModelServer, *, retries: int | None = 0) -> Home:
    """Make a home for the client and write its configuration. `retries` is what the configuration allows
    it by itself, None for its own default."""
    temporary = root / "tmp"
    temporary.mkdir(parents=True)
    node = shutil.which("node")
    places = [
        str(root / "bin"),
        *([str(PACKAGES[name].bin)] if name in PACKAGES else []),
        *([str(Path(node).parent)] if node else []),
        "/usr/local/bin",
        "/usr/bin",
        "/bin",
    ]
    environ = {
        "HOME": str(root),
        "PATH": os.pathsep.join(dict.fromkeys(places)),
        "TMPDIR": str(temporary),
        "TERM": "xterm",
        "LANG": "C.UTF-8",
        "NO_PROXY": "127.0.0.1",
    }
    return Home(name, root, {**environ, **_SETTERS[name](root, server, retries)})


def _api(root: Path, server: ModelServer, retries: int | None) -> dict[str, str]:
    # It is never repeated by itself.
    return {
        "OPENAI_BASE_URL": server.v1,
        "OPENAI_API_KEY": MADE_UP,
        "ANTHROPIC_BASE_URL": server.url,
        "ANTHROPIC_API_KEY": MADE_UP,
        "GOOGLE_GEMINI_BASE_URL": server.url,
        "GOOGLE_API_KEY": MADE_UP,
    }


def _claude(root: Path, server: ModelServer, retries: int | None) -> dict[str, str]:
    own = {} if retries is None else {"CLAUDE_CODE_MAX_RETRIES": str(retries)}
    return {
        "ANTHROPIC_BASE_URL": server.url,
        "ANTHROPIC_API_KEY": MADE_UP,
        "CLAUDE_CODE_TMPDIR": str(root / "tmp"),
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_TELEMETRY": "1",
        "DISABLE_ERROR_REPORTING": "1",
        **own,
    }


def _codex(root: Path, server: ModelServer, retries: int | None) -> dict[str, str]:
    folder = root / ".codex"
    folder.mkdir()
    lines = [
        f'model = "{MODEL}"',
        'model_provider = "scripted"',
        "check_for_update_on_startup = false",
        "[analytics]",
        "enabled = false",
        "[model_providers.scripted]",
        'name = "scripted"',
        f'base_url = "{server.v1}"',
        'env_key = "SCRIPTED_API_KEY"',
        'wire_api = "responses"',
    ]
    if retries is not None:
        lines += [f"request_max_retries = {retries}", f"stream_max_retries = {retries}"]
    (folder / "config.toml").write_text("\n".join(lines) + "\n")
    return {"CODEX_HOME": str(folder), "SCRIPTED_API_KEY": MADE_UP}


def _gemini(root: Path, server: ModelServer, retries: int | None) -> dict[str, str]:
    folder = root / ".gemini"
    folder.mkdir()
    general: dict[str, Any] = {"enableAutoUpdate": False, "enableAutoUpdateNotification": False}
    if retries is not None:
        general["maxAttempts"] = retries + 1
    settings = {
        "security": {"auth": {"selectedType": "gemini-api-key"}},
        "privacy": {"usageStatisticsEnabled": False},
        "general": general,
        "model": {"name": "gemini-2.5-pro"},
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    return {
        "GEMINI_API_KEY": MADE_UP,
        "GOOGLE_GEMINI_BASE_URL": server.url,
        "GEMINI_CLI_TRUST_WORKSPACE": "true",
    }


def _opencode(root: Path, server: ModelServer, retries: int | None) -> dict[str, str]:
    folder = root / ".config" / "opencode"
    folder.mkdir(parents=True)
    model = {"name": MODEL, "cost": {"input": 1, "output": 2}, "limit": {"context": 200_000, "output": 8_000}}
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "scripted",
        "options": {"baseURL": server.v1, "apiKey": MADE_UP},
        "models": {MODEL: model},
    }
    settings = {
        "model": f"scripted/{MODEL}",
        "small_model": f"scripted/{MODEL}",
        "provider": {"scripted": provider},
        "autoupdate": False,
        "share": "disabled",
    }
    (folder / "opencode.json").write_text(json.dumps(settings))
    return {
        "OPENCODE_DISABLE_MODELS_FETCH": "1",
        "OPENCODE_DISABLE_AUTOUPDATE": "1",
        "npm_config_offline": "true",
        "npm_config_fetch_retries": "0",
    }


_SETTERS: dict[str, Callable[[Path, ModelServer, int | None], dict[str, str]]] = {
    "api": _api,
    "claude": _claude,
    "codex": _codex,
    "gemini": _gemini,
    "opencode": _opencode,
}
