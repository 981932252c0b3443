"""A project whose agents are real clients, run by `me` as a user runs it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from metaensemble.engine.project import state_dir
from support.model_server import Figures
from support.program import path_with_me

from .homes import Home
from .kinds import KINDS

ROLE = """\
---
name: {name}
version: 1.0.0
description: {name} of these tests
model_tier: haiku
allowed_tools: [{tools}]
---
You are the {name} of these tests.
"""


@dataclass
class Ensemble:
    """A project with the Roles `author`, `critic` and `voter`, which write nothing, and whose agents are the one client of `home`."""

    home: Home
    project: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.project / ".metaensemble" / "roles").mkdir(parents=True)
        for name in ("author", "critic", "voter"):
            self.role(name)

    def role(self, name: str, *, tools: str = "Read") -> None:
        """Write a Role that has these tools."""
        path = self.project / ".metaensemble" / "roles" / f"{name}.md"
        path.write_text(ROLE.format(name=name, tools=tools))

    def environ(self, *, whole: bool) -> dict[str, str]:
        """What `me` gets to see; its script is in `home.root / "bin"`."""
        mine = path_with_me(self.home.root / "bin", whole=whole)
        path = os.pathsep.join([self.home.environ["PATH"], mine])
        return {**self.home.environ, "PATH": path}

    def graph(self, text: str) -> None:
        """Write the graph; `RUNTIME` and `MODEL` in it are the client's."""
        filled = text.replace("RUNTIME", self.home.name).replace("MODEL", KINDS[self.home.name].model)
        (self.project / "graph.yaml").write_text(filled)

    def start(self, *words: str, whole: bool = True) -> subprocess.Popen[str]:
        """Start `me` with these words, in a process group of its own. One that is not `whole` starts faster,
        and its work is done by another process, which a kill reaches a moment later."""
        environ = self.environ(whole=whole)
        process = subprocess.Popen(
            [str(self.home.root / "bin" / "me"), *words],
            env=environ,
            cwd=self.project,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def me(self, *words: str, timeout: float = 120.0) -> Ran:
        """Run `me` to its end."""
        process = self.start(*words, whole=False)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired as error:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            raise TimeoutError(
                f"me {' '.join(words)} did not end within {timeout} s: {out[-2000:]}{err[-2000:]}"
            ) from error
        return Ran(process.returncode, out, err)

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Rows of the Ledger."""
        link = sqlite3.connect(state_dir(self.project) / "department.db")
        try:
            link.row_factory = sqlite3.Row
            return [dict(row) for row in link.execute(query, values)]
        finally:
            link.close()

    def runs(self) -> list[dict[str, Any]]:
        """The Runs of agents, in the order in which they ended."""
        return self.rows("SELECT * FROM runs WHERE runtime = ? ORDER BY seq", self.home.name)

    def run(self, node: str) -> dict[str, Any]:
        """The latest Run of a node."""
        return next(run for run in reversed(self.runs()) if run["node_id"] == node)

    def end_all(self) -> None:
        """End what is left of what was started here."""
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


@dataclass(frozen=True)
class Ran:
    """How `me` ended, and what it said."""

    status: int
    out: str
    err: str


def spent(runs: list[dict[str, Any]]) -> Figures:
    """What Runs say was used."""

    def total(name: str) -> int:
        return sum(run[name] or 0 for run in runs)

    return Figures(
        tokens_in=total("tokens_in"),
        tokens_out=total("tokens_out"),
        cache_read=total("cache_read_tokens"),
        cache_create=total("cache_create_tokens"),
    )
