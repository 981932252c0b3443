"""Projects whose runs are disturbed, and the oracle that says what must hold afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from metaensemble import api
from metaensemble.engine.faults import FAULT_POINTS
from metaensemble.engine.ledger import Ledger, Record, rebuild
from metaensemble.engine.process.orphans import carrying
from support.ledger import content
from support.victims import wait_until

LOG = 'echo "$ME_ATTEMPT_ID" >> "ran/$ME_NODE_ID"'
"""What every node does first: the count of its executions, kept by itself."""

LOG_INSIDE = 'echo "$ME_ATTEMPT_ID" >> "ran/${ME_NODE_ID%/*}:${ME_NODE_ID##*/}"'
"""The same for a node of a sub-graph: a file's name holds no slash."""

STORM = f"""\
name: storm
concurrency: {{max: 3}}
outputs:
  joined: ${{{{ tasks.join.output }}}}
tasks:
  seed:
    run: |
      {LOG}
      echo 7
  flaky:
    run: |
      {LOG}
      test -e tried || {{ touch tried; exit 9; }}
      echo at last
    retry: {{max: 2, backoff: 10ms..20ms}}
  big:
    run: |
      {LOG}
      i=0; while [ $i -lt 800 ]; do echo "line $i of a text that is too long for a record"; i=$((i+1)); done
    output: {{as: lines}}
  world:
    run: |
      {LOG}
      echo done in the world
    effects: external
    on_lost: rerun
  maybe:
    run: |
      {LOG}
      echo ${{{{ tasks.seed.output }}}}1
    if: ${{{{ tasks.seed.output == '7' }}}}
  never:
    run: echo never
    if: ${{{{ tasks.seed.output == '8' }}}}
  behind:
    run: echo never
    needs: [never]
  hand:
    run: |
      {LOG}
      echo "# Report ${{{{ tasks.maybe.output }}}}" > report.md
    deliverables: [{{path: report.md}}]
  flop:
    run: |
      {LOG}
      exit 3
  mop:
    needs: {{flop: failed}}
    run: |
      {LOG}
      echo mopped
  join:
    needs: {{behind: done, flaky: ok, world: ok, hand: ok, mop: ok}}
    with: {{lines: "${{{{ tasks.big.output }}}}"}}
    run: |
      {LOG}
      test -e mended || exit 5
      echo "${{{{ tasks.maybe.output }}}} $(wc -c < "$ME_IN_LINES_FILE")"
"""
"""Passes every fault point of a graph that does not grow; fails at its last node until the file `mended`
exists."""

ENDS = {
    **dict.fromkeys(("seed", "flaky", "big", "world", "maybe", "hand", "mop", "join"), "ok"),
    "never": "skipped",
    "behind": "skipped",
    "flop": "failed",
}

GROWING = f"""\
name: growing
concurrency: {{max: 3}}
outputs:
  looked: ${{{{ tasks.look.outputs }}}}
  shipped: ${{{{ tasks.ship.output }}}}
tasks:
  parts:
    run: |
      {LOG}
      printf 'a\\nb\\nc\\n'
    output: {{as: lines}}
    reads: []
  cells:
    matrix: {{x: [1, 2], y: [3, 4]}}
    exclude: [{{x: 2, y: 4}}]
    run: |
      {LOG}
      echo ${{{{ matrix.x * matrix.y }}}}
  look:
    each: ${{{{ tasks.parts.output }}}}
    as: part
    key: ${{{{ part }}}}
    parallel: 2
    rest: keep
    run: |
      {LOG}
      test ${{{{ part }}}} != b || exit 3
      echo saw ${{{{ part }}}}
  again:
    repeat: {{until: "${{{{ repeat.last.output == 'xxx' }}}}", max: 4}}
    run: |
      {LOG}
      echo ${{{{ repeat.last.output }}}}x
    if: ${{{{ tasks.cells.status == 'ok' }}}}
  built:
    needs: {{look: {{ok: 2/3}}}}
    each: ${{{{ tasks.parts.output }}}}
    as: part
    key: ${{{{ part }}}}
    graph: inner.yaml
    with: {{part: "${{{{ part }}}}"}}
  pack:
    needs: [again, built]
    run: |
      {LOG}
      echo packed
  ask:
    needs: [pack]
    approve: Ship it?
    rewind_to: built
  ship:
    needs: [ask]
    run: |
      {LOG}
      echo ${{{{ tasks.again.output }}}} shipped
"""
"""Passes the fault points of growth, of questions and of reuse; what is asked is sent back once."""

INNER = f"""\
params: {{part: {{type: string}}}}
outputs: {{made: "${{{{ tasks.two.output }}}}"}}
tasks:
  one:
    run: |
      {LOG_INSIDE}
      echo ${{{{ params.part }}}}1
  two:
    run: |
      {LOG_INSIDE}
      echo ${{{{ tasks.one.output }}}}2
"""

IN_GROWTH = tuple(
    name
    for name in FAULT_POINTS
    if name.startswith(("growth.", "judgement.", "asked.", "renewal.", "reuse."))
)
"""Places that only a graph that grows, asks, or takes earlier results over comes past."""

IN_WORKTREES = tuple(name for name in FAULT_POINTS if name.startswith("worktree."))
"""Places that only attempts with a worktree of their own come past; see `test_worktrees.py`."""

Frozen = dict[tuple[str, int], list[str]]
"""The executions of nodes that must never run again, by node and generation."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What of a DAG run must not depend on how often it was disturbed."""

    state: str
    outputs: Mapping[str, Any]
    nodes: Mapping[str, tuple[str, Any]]
    report: str


class Project:
    """A folder with a graph in it, and what its nodes wrote down about themselves."""

    def __init__(self, root: Path, text: str, **others: str) -> None:
        self.root = root
        self.state = root / ".metaensemble" / "state"
        self.state.parent.mkdir(parents=True)
        (root / "ran").mkdir()
        self.graph = root / "graph.yaml"
        self.graph.write_text(text)
        for name, other in others.items():
            (root / f"{name}.yaml").write_text(other)

    def mend(self) -> None:
        """From now on the last node of `STORM` ends ok."""
        (self.root / "mended").touch()

    def dag_run(self) -> str | None:
        """The id of the newest DAG run, if there is one."""
        found = api.list_dag_runs(cwd=self.root)
        return found[0].dag_run_id if found else None

    def words(self) -> list[str]:
        """`run FILE` or `resume ID`, whichever is due."""
        dag_run = self.dag_run()
        return ["run", "graph.yaml"] if dag_run is None else ["resume", dag_run]

    def executions(self) -> dict[str, list[str]]:
        """The attempt ids that each node wrote down, in order."""
        logs = (self.root / "ran").iterdir()
        return {log.name.replace(":", "/"): log.read_text().split() for log in logs}

    def recorded_ok(self) -> set[str]:
        """The nodes that the Ledger holds as ended ok."""
        dag_run = self.dag_run()
        if dag_run is None:
            return set()
        return {node.id for node in api.status(dag_run, cwd=self.root).nodes if node.state == "ok"}

    def has_failed(self, node: str) -> bool:
        """Whether the Ledger holds that the node has failed, in its newest generation."""
        dag_run = self.dag_run()
        nodes = api.status(dag_run, cwd=self.root).nodes if dag_run is not None else ()
        return any(one.id == node and one.state == "failed" for one in nodes)

    def frozen(self) -> Frozen:
        """The executions of the nodes that must never run again."""
        dag_run = self.dag_run()
        if dag_run is None:
            return {}
        report = api.status(dag_run, cwd=self.root)
        ended = [
            (node.id, node.generation) for node in (*report.nodes, *report.earlier) if node.state == "ok"
        ]
        return self._executions_of(ended)

    def _executions_of(self, nodes: Iterable[tuple[str, int]]) -> Frozen:
        ran = self.executions()
        known = self.attempts()
        return {
            (name, generation): [one for one in ran.get(name, []) if known.get(one) == (name, generation)]
            for name, generation in nodes
        }

    def answer(self) -> bool:
        """Answer the question of `GROWING`, if it waits: no at first, then yes; whether it did."""
        report = api.status(None, cwd=self.root)
        asked = next((node for node in report.nodes if node.id == "ask" and node.state == "waiting"), None)
        if report.state != "paused" or asked is None:
            return False
        answer: dict[str, Any] = {"answer": "yes", "output": True} if asked.generation else {"answer": "no"}
        payload = {"generation": asked.generation, "by": "ana", **answer}
        with Ledger.open(self.state) as ledger:
            ledger.append([Record("principal.answered", "ask", report.dag_run_id, payload)])
        return True

    def head(self) -> tuple[int, str]:
        """The end of the Ledger's chain."""
        head = api.ledger_head(cwd=self.root)
        return head.seq, head.hash

    def outcome(self) -> Outcome:
        """How the newest DAG run stands."""
        report = api.status(None, cwd=self.root, outputs=True)
        text = self.root / "report.md"
        return Outcome(
            state=report.state,
            outputs=report.outputs,
            nodes={node.id: (node.state, node.output) for node in report.nodes},
            report=text.read_text() if text.exists() else "",
        )

    def go_on(self) -> None:
        """Run or resume, answering what is asked, until the DAG run has ended ok."""
        words = self.words()
        report = api.run(self.graph) if words[0] == "run" else api.resume(words[1], cwd=self.root)
        while report.state == "paused":
            assert self.answer()
            frozen = self.frozen()
            report = api.resume(self.dag_run(), cwd=self.root)
            self.check_executions(frozen)
        assert report.state == "ok"

    def check_executions(self, frozen: Frozen) -> None:
        """Nothing of `frozen` ran again, and every execution is an attempt on record."""
        for node, before in self._executions_of(frozen).items():
            assert before == frozen[node], f"`{node[0]}` had ended ok and ran again"
        known = self.attempts()
        for name, ids in self.executions().items():
            assert len(ids) == len(set(ids)), f"an attempt of `{name}` was carried out twice"
            assert all(known.get(one, ("", 0))[0] == name for one in ids), f"`{name}` ran without an intent"

    def attempts(self) -> dict[str, tuple[str, int]]:
        """The ids of all attempts that the Ledger knows, each with its node and generation."""
        with Ledger.open(self.state, readonly=True) as ledger:
            found = ledger.connection.execute("SELECT run_id, node_id, generation FROM attempts")
            return {run_id: (node, generation) for run_id, node, generation in found}

    def check_ledger(self) -> None:
        """The Ledger is whole, and says the same when it is made anew from the mirror."""
        with Ledger.open(self.state) as ledger:
            found = ledger.verify()
            before = content(ledger.connection)
        assert found.is_clean, found.problems
        rebuild(self.state)
        with Ledger.open(self.state) as ledger:
            assert content(ledger.connection) == before

    def check_processes(self) -> None:
        """No process of any of its DAG runs lives (where the environment of others can be read)."""
        names = frozenset(
            f"ME_DAG_RUN_ID={run.dag_run_id}".encode() for run in api.list_dag_runs(cwd=self.root)
        )
        wait_until(lambda: not list(carrying(names)), "nothing is left over")


def growing(root: Path) -> Project:
    """A project with the graph `GROWING`."""
    return Project(root / "project", GROWING, inner=INNER)
