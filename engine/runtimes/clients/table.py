"""The clients by the name of their runtime, imported on first use."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Final, cast

from ..client import Client

CLIENTS: Final[Mapping[str, tuple[str, str]]] = {
    "claude": (".claude", "Claude"),
    "codex": (".codex", "Codex"),
    "gemini": (".gemini", "Gemini"),
    "opencode": (".opencode", "Opencode"),
    "api": (".api", "Api"),
}
"""The modules and classes of the clients, in the order in which one is looked for."""


def client_of(name: str) -> Client:
    """The client of the runtime `name`. Raises `KeyError` for a runtime that has none."""
    module, kind = CLIENTS[name]
    return cast("Client", getattr(import_module(module, __package__), kind)())
