"""What a Run takes on disk: both stores of the Ledger, against the Run as compact JSON.

A DAG run of agents, with a stand-in for Claude Code that answers at once and tells a full account of itself.
Each has an output schema, a file it is pointed to, a Deliverable, and figures in two models, so that the Run
has all that a Run of an agent has. The figures are the difference between a small and a large DAG run, each
in a project of its own, so that what the Ledger takes when it is empty is not in them. Intents and the
records of gates are; what lies in files of its own (Manifests, Briefs, what was printed) is not.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

CLIENT = r"""
import json, re, sys, uuid
if "--version" in sys.argv:
    print("999.0.0 (Claude Code)")
    sys.exit()
session = sys.argv[sys.argv.index("--session-id") + 1] if "--session-id" in sys.argv else str(uuid.uuid4())
asked = sys.stdin.read()
for name in set(re.findall(r"report-\d+\.md", asked)):
    open(name, "w").write("# What was found\n\nThe name in line 3 says nothing.\n")
model = "claude-sonnet-4-5-20250929"
finding = {"file": "part.py", "line": 3, "message": "the name says nothing"}
value = {"verdict": "mend", "findings": [finding]}
def say(**line):
    print(json.dumps({"session_id": session, **line}), flush=True)
def used(new, out, read, made, cost):
    return {"inputTokens": new, "outputTokens": out, "cacheReadInputTokens": read,
            "cacheCreationInputTokens": made, "costUSD": cost}
say(type="system", subtype="init", apiKeySource="ANTHROPIC_API_KEY", model=model, tools=["ATool"] * 400)
for name, given in (("Read", {"file_path": "part.py"}), ("Bash", {}), ("Edit", {"file_path": "part.py"})):
    call = {"type": "tool_use", "id": "t", "name": name, "input": given}
    message = {"id": str(uuid.uuid4()), "role": "assistant", "model": model, "content": [call]}
    say(type="assistant", message={**message, "usage": {"input_tokens": 5, "output_tokens": 9}})
models = {model: used(48210, 3922, 402113, 20114, 0.41), "claude-haiku-4-5": used(412, 31, 0, 0, 0.0021)}
say(type="result", subtype="success", is_error=False, num_turns=4, result=json.dumps(value), usage={},
    structured_output=value, total_cost_usd=0.4121, modelUsage=models, stop_reason="end_turn")
"""

GRAPH = """
version: 1
name: bytes
tasks:
  parts: {{run: seq {count}, output: {{as: lines}}}}
  review:
    each: ${{{{ tasks.parts.output }}}}
    as: part
    role: code-quality
    runtime: claude
    prompt: Review part ${{{{ part }}}} for correctness and security.
    context: {{files: [{{path: part.py, lines: 1..3, role: source}}]}}
    acceptance: [every finding names a file and a line]
    deliverables: [{{path: "report-${{{{ part }}}}.md"}}]
    output:
      schema:
        type: object
        required: [verdict, findings]
        properties: {{verdict: {{enum: [ship, mend]}}, findings: {{type: array}}}}
"""


def sizes(count: int, folder: Path) -> dict[str, int]:
    """Run `count` agents; the bytes of the database, of the mirror, of the Runs as compact JSON, and how many
    Runs there are."""
    project, programs = folder / "project", folder / "programs"
    (project / ".metaensemble").mkdir(parents=True)
    programs.mkdir()
    (project / "part.py").write_text("a = 1\nb = 2\nc = 3\n")
    (project / "graph.yaml").write_text(GRAPH.format(count=count))
    client = programs / "claude"
    client.write_text(f"#!{sys.executable}\n{CLIENT}")
    client.chmod(0o755)
    environ = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "ANTHROPIC_API_KEY": "none",
    }

    def me(*words: str) -> str:
        command = [sys.executable, "-m", "metaensemble", *words]
        return subprocess.run(
            command, cwd=project, env=environ, check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    me("dag", "run", "graph.yaml", "--quiet")
    runs = [json.loads(line) for line in me("ledger", "export", "--table", "runs").splitlines()]
    full = [{name: value for name, value in run.items() if value is not None} for run in runs]
    state = project / ".metaensemble" / "state"
    return {
        "runs": len(runs),
        "columns": max(map(len, full)),
        "database": sum(
            path.stat().st_size for path in state.glob("department.db*") if path.suffix != ".db-shm"
        ),
        "mirror": sum(path.stat().st_size for path in state.glob("*.jsonl")),
        "json": sum(len(json.dumps(run, separators=(",", ":")).encode()) for run in full),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=10)
    parser.add_argument("--large", type=int, default=60)
    given = parser.parse_args()
    found = []
    for count in (given.small, given.large):
        with tempfile.TemporaryDirectory() as folder:
            found.append(sizes(count, Path(folder)))
    few, many = found
    more = {name: many[name] - few[name] for name in many}
    per = {name: more[name] / more["runs"] for name in ("json", "database", "mirror")}
    print("| runs | columns | Run as JSON, bytes | database | mirror | both, as a ratio |")
    print("|---|---|---|---|---|---|")
    ratio = (per["database"] + per["mirror"]) / per["json"]
    figures = " | ".join(f"{per[name]:.0f}" for name in ("json", "database", "mirror"))
    print(f"| {more['runs']} | {many['columns']} | {figures} | {ratio:.2f}x |")


if __name__ == "__main__":
    main()
