"""Where the real clients are, and why one is not there."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Package:
    """A client's program, its package at npm, and the folder in the cache that holds it."""

    program: str
    package: str
    folder: str

    @property
    def bin(self) -> Path:
        """The directory to put on PATH."""
        return cache() / self.folder / "node_modules" / ".bin"

    @property
    def installed(self) -> bool:
        return (self.bin / self.program).exists()

    @property
    def missing(self) -> str | None:
        """Why it cannot be run; None when it can."""
        if self.installed:
            return None
        if shutil.which("npm") is None:
            return "there is no npm on this machine, which the real clients come from"
        return f"{self.package} is not installed: run `make test-clients`"


PACKAGES = {
    "claude": Package("claude", "@anthropic-ai/claude-code", "claude-code"),
    "codex": Package("codex", "@openai/codex", "codex"),
    "gemini": Package("gemini", "@google/gemini-cli", "gemini"),
    "opencode": Package("opencode", "opencode-ai", "opencode"),
}


def cache() -> Path:
    """The folder that holds the clients: `$ME_CLIENTS`, else one in the user's cache. Asked for as the
    test session began, so that tests may change HOME."""
    return _CACHE


def _cache() -> Path:
    named = os.environ.get("ME_CLIENTS")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "metaensemble" / "clients"


_CACHE = _cache()
