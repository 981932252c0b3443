"""Work for the pieces of patterns, each a function that is called as a command and as a callable alike.

In a graph `@name(text)` stands for a task's or a member's work; `written` puts in a command or a callable.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Literal

Kind = Literal["command", "python"]

FUNCTIONS = '''\
"""One function for each kind of piece; what a pattern offers arrives as keyword arguments."""

import json
import sys


def say(arg, brief=None, purpose=None):
    return {"text": arg, "angle": brief or purpose}


def vote(arg, others=None):
    verdict, _, reason = arg.partition("/")
    if others:
        said = [one["output"]["verdict"] for one in others.values() if one["status"] == "ok"]
        verdict = max(sorted(set(said)), key=said.count)
    return {"verdict": verdict, "reason": reason}


def recount(arg, others=None):
    return vote(arg, others)


def write(arg, draft=None, reviews=None, findings=None):
    return {"text": (draft["text"] if draft else "") + arg, "told": findings is not None or bool(reviews)}


def review(arg, draft=None):
    if len(draft["text"]) < int(arg):
        return {"verdict": "reject", "reason": "too short", "findings": [f"{arg} are needed"]}
    return {"verdict": "approve", "reason": "long enough"}


def spell(arg, draft=None):
    return {"verdict": "approve", "reason": "spelled well"}


def long_enough(arg, candidate=None):
    return {"passed": len(candidate["text"]) >= int(arg), "findings": f"{len(candidate['text'])} of {arg}"}


def longest(arg, candidates=None):
    best = max(candidates, key=lambda one: len(one["output"]["text"]))
    return {"preferred": best["label"], "reason": f"the {arg} one"}


def together(arg, candidates=None):
    return {"all": arg.join(one["output"]["text"] for one in candidates.values())}


def main(name, arg):
    given = sys.stdin.read()
    inputs = json.loads(given) if given else {}
    function = globals()[name]
    taken = function.__code__.co_varnames[1 : function.__code__.co_argcount]
    found = function(arg, **{key: inputs[key] for key in taken if key in inputs})
    if isinstance(found.get("passed"), bool):
        print(found["findings"])
        sys.exit(0 if found["passed"] else 1)
    print(json.dumps(found))
'''

_NAMES = re.findall(r"^def (\w+)\(arg", FUNCTIONS, re.MULTILINE)
_WORK = re.compile(r"@(\w+)\(([^)]*)\)")


def put_works(project: Path) -> None:
    """Write the functions, and a script for each, so that different work is a different program."""
    (project / "pieces_at_work.py").write_text(FUNCTIONS)
    for name in _NAMES:
        text = f"import sys\nfrom pieces_at_work import main\n\nmain({name!r}, sys.argv[1])\n"
        (project / f"{name}.py").write_text(text)


def remove_works(project: Path) -> None:
    """Leave nothing that could be called."""
    for name in (*_NAMES, "pieces_at_work"):
        (project / f"{name}.py").unlink()


def written(graph: str, kind: Kind) -> str:
    """The graph with commands, or with callables, in the place of works."""

    def work(found: re.Match[str]) -> str:
        name, arg = found[1], found[2]
        assert name in _NAMES
        if kind == "command":
            return f'run: ["{sys.executable}", {name}.py, "{arg}"]'
        return f'python: "pieces_at_work:{name}", with: {{arg: "{arg}"}}'

    return _WORK.sub(work, graph)
