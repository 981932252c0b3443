"""Programs that stand for clients of agents: they say which version they are, and answer one word."""

from __future__ import annotations

from pathlib import Path

NEW = "999.1.0"
"""A version that no runtime finds too old."""


def put_client(folder: Path, name: str, version: str = NEW, *, does: str = "") -> Path:
    """A program called `name` in `folder`; `does` is what it does when it is asked something else."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(
        f'#!/bin/sh\nif [ "$1" = --version ]; then echo "{version}"; exit 0; fi\n{does}\nexit 1\n'
    )
    path.chmod(0o755)
    return path
