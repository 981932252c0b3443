"""Programs that stand for clients of agents: they say which version they are, and answer one word."""

from __future__ import annotations

from pathlib import Path

VERSIONS = {"claude": "2.1.210", "codex": "0.120.0", "gemini": "0.50.0", "opencode": "1.20.0"}
"""Versions that none of the runtimes finds too old."""


def put_client(folder: Path, name: str, version: str | None = None, *, does: str = "") -> Path:
    """A program called `name` in `folder`; `does` is what it does when it is asked something else."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    told = VERSIONS[name] if version is None else version
    path.write_text(f'#!/bin/sh\nif [ "$1" = --version ]; then echo "{told}"; exit 0; fi\n{does}\nexit 1\n')
    path.chmod(0o755)
    return path
