"""Random task graphs with patterns in them, as documents that the loader takes, and how they are bound."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from metaensemble.schemas.bound import BoundGraph
from metaensemble.tasks.binding import bind
from metaensemble.tasks.loader import load_problems

Draw = st.DrawFn

SCHEMA = {
    "type": "object",
    "required": ["vote"],
    "properties": {"vote": {"type": "boolean"}, "reason": {"type": "string"}},
}
NESTED = 2
"""So many patterns lie one in the other at most."""


@dataclass
class _Makers:
    """Draws parts of a document. Every command is another program, and every Role another one, so that all
    are unrelated. `by_role`: a Role does the work that a pattern is drawn for."""

    draw: Draw
    roles: bool
    count: int = 0
    by_role: bool = False
    named: dict[str, Any] = field(default_factory=dict)

    def command(self) -> str:
        self.count += 1
        return f"tool{self.count} --look"

    def work(self) -> dict[str, Any]:
        if self.roles and self.number(0, 2) == 0:
            self.count += 1
            return {"role": f"role-{self.count}", "prompt": f"Do it {self.count} times."}
        return {"run": self.command()}

    def flip(self) -> bool:
        return self.draw(st.booleans())

    def one_of(self, *values: Any) -> Any:
        return self.draw(st.sampled_from(values))

    def number(self, least: int, most: int) -> int:
        return self.draw(st.integers(least, most))

    def member(self, depth: int, **keys: Any) -> dict[str, Any]:
        """A member with work of its own, in some cases a pattern over that work."""
        found: dict[str, Any] = {**self.work(), **keys}
        if depth < NESTED and self.number(0, 5) == 0:
            outer, self.by_role = self.by_role, "role" in found
            found["pattern"] = self.pattern(depth + 1)
            self.by_role = outer
        if self.flip():
            found["name"] = f"m{self.number(1, 3)}"
        return found

    def members(self, depth: int, **keys: Any) -> list[dict[str, Any]]:
        return [self.member(depth, **keys) for _ in range(self.number(2, 3))]

    def check(self) -> dict[str, Any]:
        return self.work()

    def of(self, depth: int) -> dict[str, Any]:
        """Perhaps another pattern that does the work."""
        if depth < NESTED and self.number(0, 3) == 0:
            return {"of": self.pattern(depth + 1)}
        return {}

    def pattern(self, depth: int) -> dict[str, Any]:
        kind = self.one_of(
            *("solo", "fanout", "consensus", "shadow", "peer_review", "team", "cascade", "judge", "refine"),
            "debate",
        )
        return {kind: getattr(self, f"_{kind}")(depth)}

    def _solo(self, depth: int) -> dict[str, Any]:
        return self.of(depth)

    def _who(self, depth: int, key: str = "members") -> dict[str, Any]:
        if self.flip():
            return {"n": self.number(2, 4), **self.of(depth)}
        return {key: self.members(depth)}

    def _join(self, depth: int) -> dict[str, Any]:
        joins: list[Any] = ["collect", "first_ok", {"best": "output | length"}]
        joins.append({"synthesise": self.work()})
        if self.roles:
            joins.append({"synthesise": "chief"})
        return {"join": self.one_of(*joins)} if self.flip() else {}

    def _fanout(self, depth: int) -> dict[str, Any]:
        if self.number(0, 2) == 0:
            return {"briefs": ["look left", "look right"], **self._join(depth), **self.of(depth)}
        return {**self._who(depth), **self._join(depth)}

    def _voting(self, depth: int) -> dict[str, Any]:
        found = {**self._who(depth), "vote": "vote"}
        if self.flip():
            found["rule"] = self.one_of("plurality", "majority", "unanimous", {"quorum": 2})
        if self.flip():
            found["min_votes"] = self.number(1, 2)
        return found

    def _consensus(self, depth: int) -> dict[str, Any]:
        found = self._voting(depth)
        ties: list[Any] = ["none", "first", {"escalate": self.work()}]
        if self.roles:
            ties.append({"escalate": "judge"})
        more = {
            "on_tie": self.one_of(*ties),
            "stop": self.one_of("exact", "off", {"posterior": 0.9}),
            "audit": self.one_of(0, 0.5, 1.0),
            "waves": self.one_of([1], [1, 1], [2]),
        }
        return {**found, **{key: value for key, value in more.items() if self.flip()}}

    def _debate(self, depth: int) -> dict[str, Any]:
        found = {**self._voting(depth), "rounds": self.number(2, 3)}
        return {**found, "control": self.flip()}

    def _shadow(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {"shadows": [self.member(depth) for _ in range(self.number(1, 2))]}
        if self.by_role and self.flip():
            found["shadows"].append(self.one_of({"tier": "haiku"}, {"runtime": "codex"}, {"model": "gpt-5"}))
        if self.flip():
            found["compare"] = self.one_of("output == 1", "schema", self.check())
        return {**found, **self.of(depth)}

    def _peer_review(self, depth: int) -> dict[str, Any]:
        reviewers = self.members(NESTED)
        found: dict[str, Any] = {"reviewers": reviewers}
        more = {
            "author": self.work(),
            "min_reviewers": self.number(1, len(reviewers)),
            "dissent": self.one_of("surface_minority", "block"),
            "rounds": self.number(0, 2),
            "on_reject": self.one_of("revise", "fail"),
        }
        found |= {key: value for key, value in more.items() if self.flip()}
        return found if "author" in found else {**found, **self.of(depth)}

    def _team(self, depth: int) -> dict[str, Any]:
        keys: dict[str, Any] = {"purpose": "to look"} if self.flip() else {}
        if self.roles and self.flip():
            keys["share"] = 0.3
        return {"members": self.members(depth, **keys), **self._join(depth)}

    def _cascade(self, depth: int) -> dict[str, Any]:
        if self.by_role and self.flip():
            return {"tiers": ["haiku", "opus"], "check": self.check()}
        found: dict[str, Any] = {"steps": self.members(depth), "check": self.check()}
        return {**found, "waves": [1, 1]} if self.flip() else found

    def _judge(self, depth: int) -> dict[str, Any]:
        judge: Any = "arbiter" if self.roles and self.flip() else self.check()
        found = {**self._who(depth, "candidates"), "judge": judge}
        return {**found, "orders": self.one_of("both", "one")} if self.flip() else found

    def _refine(self, depth: int) -> dict[str, Any]:
        return {"check": self.check(), "rounds": self.number(0, 3), **self.of(depth)}

    def task(self, earlier: list[str], inner: str | None) -> dict[str, Any]:
        """A task that needs some of the `earlier` ones."""
        work: dict[str, Any] = {"run": self.command(), "output": {"as": "json", "schema": SCHEMA}}
        if self.roles and self.number(0, 2) == 0:
            work = {**self.work(), "output": work["output"]}
        elif self.number(0, 4) == 0:
            work = {"python": "steps:look", "output": {"as": "json", "schema": SCHEMA}}
        if inner is not None and self.number(0, 5) == 0:
            work = {"graph": inner}
        elif self.number(0, 3):
            self.by_role = "role" in work
            work["pattern"] = self.pattern(1)
        if earlier and self.flip():
            names = self.draw(st.lists(st.sampled_from(earlier), unique=True, max_size=3))
            work["needs"] = {name: self.one_of("ok", "done", "failed") for name in names}
            seen = [name for name in names if work["needs"][name] != "failed"]
            if seen and "graph" not in work:
                work["with"] = {"seen": f"${{{{ tasks.{seen[0]}.status }}}}"}
        if "with" not in work and "graph" not in work and self.flip():
            work["with"] = {"given": 1}
        work |= self._shape(is_graph="graph" in work)
        if self.flip():
            work |= {"priority": self.number(-1, 1), "retry": {"max": 1}} if "graph" not in work else {}
        return work

    def _shape(self, *, is_graph: bool) -> dict[str, Any]:
        shapes: list[dict[str, Any]] = [
            {},
            {},
            {"each": "${{ [1, 2] }}", "key": "${{ item }}"},
            {"each": "${{ [1, 2] }}", "key": "${{ item }}", "parallel": 1},
            {"matrix": {"x": [1, 2]}},
            {"repeat": {"until": "${{ repeat.index > 1 }}", "max": 2}},
            {"if": "${{ true }}"},
        ]
        return self.one_of(*(shapes[:-2] if is_graph else shapes))


@st.composite
def documents(draw: Draw, *, roles: bool = True) -> dict[str, dict[str, Any]]:
    """Files by their names: `graph.yaml`, and `inner.yaml` if a task of it runs that. All are valid.

    With `roles` there are Roles, and settings that this version refuses to carry out.
    """
    make = _Makers(draw, roles)
    found: dict[str, dict[str, Any]] = {}
    inner = None
    if make.flip():
        inner = "inner.yaml"
        found[inner] = {"name": "inner", "tasks": _tasks(make, None)}
    found["graph.yaml"] = {"name": "random", "tasks": _tasks(make, inner)}
    return found


def _tasks(make: _Makers, inner: str | None) -> dict[str, Any]:
    tasks: dict[str, Any] = {}
    for number in range(make.number(1, 4)):
        tasks[f"t{number}"] = make.task(list(tasks), inner)
    return tasks


def bound_documents(folder: Path, files: dict[str, dict[str, Any]]) -> BoundGraph:
    """`graph.yaml` among the files, bound, with the patterns still to be put in place."""
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    loaded, problems = load_problems(folder / "graph.yaml")
    assert loaded is not None
    return bind(loaded, {}, project=folder, cwd=folder, environ={}, known=problems)
