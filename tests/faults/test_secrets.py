"""The value of a secret occurs in nothing that a run wrote or said, in whatever form it was printed."""

from __future__ import annotations

import base64
import json
import os
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from support.gates import Gate
from support.scenarios import LOG, Project
from support.victims import Victims

VALUE = 'p4ss "wörd"/+?=&\'$x\\end'

SCRIPT = """\
import base64, json, os, shlex, sys
from urllib.parse import quote, quote_plus
value = os.environ["TOKEN"]
raw = value.encode()
forms = [value, json.dumps(value), json.dumps(value, ensure_ascii=False), shlex.quote(value), quote(value),
         quote(value, safe=""), quote_plus(value), base64.b64encode(raw).decode(),
         base64.b64encode(b"x" + raw).decode(), base64.b64encode(b"user:" + raw).decode(),
         base64.urlsafe_b64encode(raw).decode()]
"""

PRINTED = """\
for form in forms:
    print("here:", form, flush=True)
    print("there:", form, file=sys.stderr, flush=True)
for letter in value:
    sys.stdout.write(letter); sys.stdout.flush()
print("x" * 70000 + value)
"""
OUT = SCRIPT + PRINTED
AS_JSON = SCRIPT + "print(json.dumps({'forms': forms, value: 1, 'escaped': value}))\n"
DELIVER = SCRIPT + "open('report.md', 'w').write('# Report\\n' + '\\n'.join(forms))\n"
FAIL = SCRIPT + "sys.exit('failed with ' + value + ' and ' + forms[7])\n"
INVALID = SCRIPT + "print(json.dumps({'answer': value}))\n"
HANGS = SCRIPT + "print(value + 'x' * 5000 + forms[7], flush=True); open('gate').read()\n"

GRAPH = f"""\
name: secretive
concurrency: {{max: 8}}
defaults: {{}}
tasks:
  out: {{run: [python3, out.py], secrets: [TOKEN]}}
  as_json: {{run: [python3, as_json.py], secrets: [TOKEN], output: {{as: json}}}}
  deliver: {{run: [python3, deliver.py], secrets: [TOKEN], deliverables: [{{path: report.md}}]}}
  fail: {{run: [python3, fail.py], secrets: [TOKEN]}}
  invalid:
    run: [python3, invalid.py]
    secrets: [TOKEN]
    output: {{schema: {{type: object, properties: {{answer: {{type: integer}}}}}}}}
  taken:
    with: {{all: "${{{{ tasks.out.output }}}}", some: "${{{{ tasks.as_json.output }}}}"}}
    run: echo "$ME_IN_SOME"; cat "$ME_IN_ALL_FILE"
  nobody: {{needs: [fail], run: "true"}}
  hangs:
    needs: {{taken: done, invalid: done, fail: done, deliver: done}}
    run: |
      {LOG}
      exec python3 hangs.py
    secrets: [TOKEN]
"""


def forms() -> Iterator[bytes]:
    """The value and its encodings, as bytes that must not occur."""
    raw = VALUE.encode()
    texts = [VALUE, json.dumps(VALUE)[1:-1], json.dumps(VALUE, ensure_ascii=False)[1:-1], shlex.quote(VALUE)]
    texts += [quote(VALUE), quote(VALUE, safe=""), quote_plus(VALUE)]
    for before in range(3):
        # What stays the same in base64 wherever the value begins.
        encoded = base64.b64encode(b"\0" * before + raw).decode().rstrip("=")
        texts.append(encoded[4 if before else 0 : -2])
    yield from (text.encode() for text in texts)
    # Twice escaped, as in a record that holds a text that holds JSON.
    yield from (json.dumps(text)[1:-1].encode() for text in texts)


def check_file(path: Path) -> None:
    content = path.read_bytes()
    for form in forms():
        assert form not in content, f"{form!r} stands in {path}"


def check_said(text: str) -> None:
    for form in forms():
        assert form not in text.encode(), f"{form!r} was said"


@pytest.mark.parametrize("end", ["killed", "let go"])
def test_it_occurs_nowhere(end: str, tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", GRAPH)
    scripts = {
        "out": OUT, "as_json": AS_JSON, "deliver": DELIVER, "fail": FAIL, "invalid": INVALID, "hangs": HANGS
    }  # fmt: skip
    for name, text in scripts.items():
        (project.root / f"{name}.py").write_text(text)
    gate = Gate(project.root / "gate")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environ = {**os.environ, "TOKEN": VALUE, "PATH": path}
    victim = victims.start(["dag", "run", "graph.yaml"], cwd=project.root, environ=environ)
    victim.wait_until(lambda: "hangs" in project.executions(), "the last node ran")
    if end == "killed":
        told = victim.kill()
        assert told.code == -signal.SIGKILL
    else:
        gate.open()
        told = victim.wait()
        assert told.code == 1, told
    check_said(told.said)
    states = {node: state for node, (state, _) in project.outcome().nodes.items()}
    assert states["taken"] == states["deliver"] == states["out"] == "ok"
    assert states["fail"] == states["invalid"] == "failed"
    files = [path for path in project.state.parent.rglob("*") if path.is_file()]
    assert len(files) > 5
    for file in files:
        check_file(file)
    asked = [["dag", "status"], ["dag", "status", "--json", "--outputs"], ["ledger", "recent", "--json"]]
    asked += [
        ["dag", "logs", str(project.dag_run()), node] for node in states if node not in {"hangs", "nobody"}
    ]
    for words in asked:
        said = victims.start(words, cwd=project.root).wait()
        assert said.code == 0, said
        check_said(said.said)
