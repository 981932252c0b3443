"""An agent whose work does not hold is told why, in the same session, and may mend it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from metaensemble.engine.quality.assessment import Assess
from metaensemble.engine.runtimes.agent import AgentRuntime
from metaensemble.engine.runtimes.protocol import AgentRequest, AttemptResult
from metaensemble.schemas.quality import QualityRules
from support.agents import ARCHITECT
from support.fake_agent import FakeAgent, asked, write_script
from support.fakes import MemoryBlobs, a_request, carried_out, run_async

ENVIRON = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
COMPLEX = "def f(n):\n" + "".join(f"    if n == {n}:\n        return {n}\n" for n in range(20))


def attempt(folder: Path, *turns: dict[str, Any], **held_to: Any) -> AttemptResult:
    agent = AgentRequest(executor_id="e1", alias="arch-7b3", role=ARCHITECT, prompt="Do it.", reask=1)
    scratch = str(folder / "scratch")
    request = a_request(folder, command={}, agent=agent, key="k" * 64, scratch=scratch, **held_to)

    async def scenario() -> AttemptResult:
        assess = Assess(QualityRules(), environ=ENVIRON)
        client = FakeAgent(write_script(folder, *turns))
        runtime = AgentRuntime(client, MemoryBlobs(), environ=ENVIRON, assess=assess)
        try:
            return await carried_out(runtime, request)
        finally:
            await runtime.close()
            await assess.close()

    return run_async(scenario())


def writes(path: Path, text: str) -> dict[str, Any]:
    path.with_suffix(".next").write_text(text)
    return {
        "shell": f"cat '{path.with_suffix('.next')}' > '{path}'",
        "tools": ["Write"],
        "files": [str(path)],
    }


def test_a_check_that_fails_is_told_and_mended(tmp_path: Path) -> None:
    mended = {"shell": f"touch '{tmp_path}/there'", "tools": ["Bash"]}
    check = {"shell": "test -f there || { printf 'there is %s there' no; exit 1; }", "env": {}}
    result = attempt(tmp_path, {"tools": ["Read"]}, mended, checks=(check,))
    assert result.outcome == "ok"
    assert result.columns["quality_state"] == "auto"
    first, second = asked(tmp_path / "script.json")
    assert "there is no there" not in first["prompt"]
    assert "there is no there" in second["prompt"]
    assert first["session"] == second["session"]


def test_what_the_gate_blocks_is_told_with_the_findings(tmp_path: Path) -> None:
    report = tmp_path / "report.md"
    touched = tmp_path / "touched.py"
    first = writes(touched, COMPLEX)
    first["shell"] += f"; echo x > '{report}'"
    result = attempt(
        tmp_path, first, {"tools": ["Read"]}, deliverables=((str(report), None),), quality="reask"
    )
    assert (result.outcome, result.failure_reason) == ("failed", "quality_gate")
    assert result.reason.startswith("the quality gate blocks: complexity: ")
    told = asked(tmp_path / "script.json")[1]["prompt"]
    assert "touched.py:1 rank-D: " in told
    assert "has complexity 21" in told
    assert result.columns["quality_state"] == "block"
    assert result.columns["files_touched"] == ["touched.py"]


def test_what_is_only_noted_is_not_told(tmp_path: Path) -> None:
    made = tmp_path / "made.py"
    result = attempt(tmp_path, writes(made, COMPLEX), deliverables=((str(made), None),))
    assert (result.outcome, result.columns["quality_state"]) == ("ok", "block")
    assert len(asked(tmp_path / "script.json")) == 1
