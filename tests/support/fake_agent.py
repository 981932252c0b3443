"""A client of agents that says what its script says: a program, and the adapter that knows it.

The script is a JSON file: a list with what happens in each turn, in order. A turn is a map: `say` (the
answer), `tools`, `files`, `usage` (of the turn; `total` of the session so far), `end` (members of the last
line), `exit`, `gate` (a file to be read first), `shell` (a text that is run before), `silent` (no last line),
`waits` (seconds that it says it waits, because its service turned it away), `deaf` (SIGTERM is nothing to it).
Every turn adds a line to `asked.jsonl` beside the script: its arguments and its standard input.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from metaensemble.engine.runtimes.client import Install, Launch, Seen, Turn, TurnEnd, Usage
from metaensemble.engine.runtimes.protocol import AgentRequest, AttemptRequest, Capabilities
from support.agents import ARCHITECT
from support.fakes import a_request

PROGRAM = r"""
import json, os, signal, subprocess, sys
script = sys.argv[1]
session = sys.argv[2]
folder = os.path.dirname(script)
prompt = sys.stdin.read()
with open(os.path.join(folder, "asked.jsonl"), "a") as log:
    log.write(json.dumps({"session": session, "prompt": prompt, "env": {k: v for k, v in os.environ.items() if k.startswith(("ME_", "TRACE", "FAKE_"))}}) + "\n")
with open(os.path.join(folder, "asked.jsonl")) as log:
    number = sum(1 for _ in log)
turns = json.load(open(script))
turn = turns[min(number, len(turns)) - 1]
def say(**line):
    print(json.dumps(line), flush=True)
if "deaf" in turn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
say(kind="begin", session=session)
if "shell" in turn:
    subprocess.run(["sh", "-c", turn["shell"]])
if "waits" in turn:
    say(kind="waits", waits=turn["waits"])
if "gate" in turn:
    open(turn["gate"]).read()
for tool in turn.get("tools", []):
    say(kind="tool", tool=tool)
for file in turn.get("files", []):
    say(kind="file", file=file)
if "stderr" in turn:
    print(turn["stderr"], file=sys.stderr, flush=True)
if not turn.get("silent"):
    say(kind="end", session=session, say=turn.get("say", "done"), usage=turn.get("usage"), total=turn.get("total"), end=turn.get("end", {}))
sys.exit(turn.get("exit", 0))
"""


class FakeReader:
    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._session: str | None = None
        self._last: dict[str, Any] | None = None
        self._waits: float | None = None

    def feed(self, line: bytes) -> Sequence[Seen]:
        try:
            told = json.loads(line)
        except ValueError:
            return []
        if not isinstance(told, dict):
            return []
        self._session = told.get("session") or self._session
        if told.get("kind") == "end":
            self._last = told
        self._waits = told.get("waits")
        names = "tool", "file", "session", "waits"
        return [Seen(**{name: told.get(name) for name in names})]

    def end(self, *, status: int | None, signal: int | None, stderr: str) -> TurnEnd:
        if self._waits is not None:
            reason, after = "it was turned away", self._waits
            return TurnEnd(outcome="failed", failure="rate_limited", reason=reason, retry_after=after)
        if self._last is None:
            return TurnEnd(outcome="failed", failure="no_result", reason=stderr.strip() or "it said nothing")
        last = self._last
        figures = last["total"] or last["usage"] or {}
        return TurnEnd(
            text=last["say"] if isinstance(last["say"], str) else json.dumps(last["say"]),
            session=self._session,
            usage=Usage(**figures),
            of_session=last["total"] is not None,
            usage_source="fake:end" if figures else None,
            **last["end"],
        )


@dataclass(frozen=True)
class FakeAgent:
    """The adapter. `script` is where the script lies; without one it is `script.json` where the agent works."""

    script: Path | None = None
    program: str = sys.executable
    env: Mapping[str, str] = field(default_factory=dict)

    name = "fake"
    capabilities = Capabilities(session_resume=True, structured_output=True, turn_cap=True)
    models: Mapping[str, str] = field(default_factory=dict)

    @property
    def install(self) -> Install:
        return Install(program=self.program, line="get it", minimum="3.0")

    def launch(self, turn: Turn, environ: Mapping[str, str]) -> Launch:
        session = turn.session or turn.new_session
        script = self.script or Path(turn.cwd) / "script.json"
        return Launch(
            argv=(self.program, "-I", "-S", "-c", PROGRAM, str(script), session),
            env=self.env,
            unset=("FAKE_UNWANTED",),
            stdin=f"{turn.system}\n{turn.prompt}".encode(),
            files={f"{turn.folder}/system.md": turn.system.encode()},
        )

    def reader(self, turn: Turn) -> FakeReader:
        return FakeReader(turn)


def write_script(folder: Path, *turns: Mapping[str, Any]) -> Path:
    """The script of a client, in `folder`."""
    path = folder / "script.json"
    path.write_text(json.dumps(list(turns)))
    return path


def request_of(folder: Path, **fields: Any) -> AttemptRequest:
    """An attempt of an agent in `folder`; keywords of `AgentRequest` go there, all others to the request."""
    names = AgentRequest.__dataclass_fields__
    agent = {name: fields.pop(name) for name in list(fields) if name in names and name != "context"}
    given: dict[str, Any] = {"executor_id": "e1", "alias": "arch-7b3", "role": ARCHITECT, "prompt": "Do it."}
    found = a_request(folder, command={}, agent=AgentRequest(**(given | agent)), key="k" * 64, **fields)
    return replace(found, scratch=str(folder / "scratch" / found.run_id))


def agent_request(project: Path, *turns: Mapping[str, Any], **fields: Any) -> AttemptRequest:
    """An attempt of an agent that works in a folder of its own below `project`, where its script lies."""
    request = request_of(project, **fields)
    folder = project / request.run_id
    folder.mkdir()
    write_script(folder, *turns)
    return replace(request, cwd=str(folder))


def asked(script: Path) -> list[dict[str, Any]]:
    """What every turn was asked, in order."""
    log = script.with_name("asked.jsonl")
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
