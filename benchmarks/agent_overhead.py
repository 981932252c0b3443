"""What we add to an attempt of an agent: milliseconds for its texts and its Manifest, and tokens.

Each row is one request, from a bare one to one that is handed a lot. The client's own time is not in it, for
nothing is started. `prompt` is the standing text and the message; `contract` is the Manifest, put together,
checked against its schema and the disk, and stored with its twin, and the Brief, stored as well.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from metaensemble.engine.agents.briefs import build_brief, store_brief
from metaensemble.engine.agents.manifests import build_manifest, check_manifest, store_manifest
from metaensemble.engine.agents.prompt import message_text, orchestration_tokens, system_text
from metaensemble.engine.runtimes.protocol import AgentRequest, AttemptRequest
from metaensemble.schemas.agent import Role
from metaensemble.schemas.bound import OutputContract
from metaensemble.schemas.ids import new_id
from metaensemble.tasks.manifest_text import manifest_yaml

VERDICT = {
    "type": "object",
    "required": ["verdict", "findings"],
    "properties": {
        "verdict": {"enum": ["approve", "reject"]},
        "findings": {"type": "array", "items": {"type": "object", "required": ["file", "line", "message"]}},
    },
}
FINDING = {"file": "src/parser.py", "line": 17, "message": "the buffer is only flushed on a newline"}
ROLE = Role(name="code-quality", version="1.0.0", body="Finds what is wrong with code, and says so.\n" * 40)
CASES: dict[str, dict[str, Any]] = {
    "bare": {"files": 0, "result": None},
    "one Brief, 3 pointers": {"files": 3, "result": {"review": [FINDING] * 3}},
    "a panel's findings": {"files": 8, "result": {f"review{at}": [FINDING] * 10 for at in range(5)}},
    "a text of 30 KB": {"files": 1, "result": {"draft": "It is said that `nothing` is lost. " * 857}},
}


def contract(project: Path, files: int, result: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Manifest and Brief of one attempt, checked and stored."""
    manifest = build_manifest(
        f"hm-{new_id()}",
        sender="coordinator",
        to="code-quality-3f1",
        task="review",
        files=[{"path": f"src/part{at}.py", "lines": "1..20", "role": "source"} for at in range(files)],
        tier="sonnet",
        acceptance=["every finding names a file and a line"],
    )
    problems = check_manifest(manifest, project)
    if problems:
        raise SystemExit(problems[0].message)
    store_manifest(project / "manifests", manifest, manifest_yaml(manifest))
    brief = build_brief(
        new_id(), sender="coordinator", to="code-quality-3f1", task_id="review", result=result
    )
    store_brief(project / "briefs", brief)
    return manifest, brief


def request(project: Path, manifest: dict[str, Any], brief: dict[str, Any]) -> AttemptRequest:
    """The attempt as a runtime gets it."""
    return AttemptRequest(
        run_id="run",
        dag_run_id="dag",
        node_id="review",
        project=str(project),
        cwd=str(project),
        output=OutputContract(form="json", schema=VERDICT),
        acceptance=("every finding names a file and a line",),
        agent=AgentRequest(
            executor_id="executor",
            alias="code-quality-3f1",
            role=ROLE,
            prompt="Review what was handed to you.",
            manifest=manifest,
            brief=brief,
        ),
    )


def milliseconds(act: Callable[[], object], repeat: int) -> float:
    """The median over so many times."""
    taken = []
    for _ in range(repeat):
        begin = time.perf_counter()
        act()
        taken.append((time.perf_counter() - begin) * 1000)
    return statistics.median(taken)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=50, help="times of which the median counts")
    repeat = parser.parse_args().repeat
    print("| request | prompt, ms | contract, ms | orchestration tokens |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        (project / "src").mkdir()
        for at in range(8):
            (project / "src" / f"part{at}.py").write_text("x = 1\n" * 400)
        for name, case in CASES.items():
            asked = request(project, *contract(project, **case))
            words = milliseconds(lambda asked=asked: (system_text(asked), message_text(asked)), repeat)
            paper = milliseconds(lambda case=case: contract(project, **case), repeat)
            print(f"| {name} | {words:.2f} | {paper:.2f} | {orchestration_tokens(asked)} |")


if __name__ == "__main__":
    main()
