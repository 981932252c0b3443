"""Projects whose runs are disturbed, and the oracle that says what must hold afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from metaensemble import api
from metaensemble.engine.ledger import Ledger, rebuild
from metaensemble.engine.process.orphans import carrying
from support.ledger import content
from support.victims import wait_until

LOG = 'echo "$ME_ATTEMPT_ID" >> ran/$ME_NODE_ID'
"""What every node does first: the count of its executions, kept by itself."""

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
"""Passes every fault point; fails at its last node until the file `mended` exists."""

ENDS = {
    **dict.fromkeys(("seed", "flaky", "big", "world", "maybe", "hand", "mop", "join"), "ok"),
    "never": "skipped",
    "behind": "skipped",
    "flop": "failed",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What of a DAG run must not depend on how often it was disturbed."""

    state: str
    outputs: Mapping[str, Any]
    nodes: Mapping[str, tuple[str, Any]]
    report: str


class Project:
    """A folder with a graph in it, and what its nodes wrote down about themselves."""

    def __init__(self, root: Path, text: str) -> None:
        self.root = root
        self.state = root / ".metaensemble" / "state"
        self.state.parent.mkdir(parents=True)
        (root / "ran").mkdir()
        self.graph = root / "graph.yaml"
        self.graph.write_text(text)

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
        return {log.name: log.read_text().split() for log in (self.root / "ran").iterdir()}

    def recorded_ok(self) -> set[str]:
        """The nodes that the Ledger holds as ended ok."""
        dag_run = self.dag_run()
        if dag_run is None:
            return set()
        return {node.id for node in api.status(dag_run, cwd=self.root).nodes if node.state == "ok"}

    def frozen(self) -> dict[str, list[str]]:
        """The executions of the nodes that must never run again."""
        ran = self.executions()
        return {node: ran.get(node, []) for node in self.recorded_ok()}

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

    def check_executions(self, frozen: Mapping[str, list[str]]) -> None:
        """Nothing of `frozen` ran again, and every execution is an attempt on record."""
        ran = self.executions()
        for name, before in frozen.items():
            assert ran.get(name, []) == before, f"`{name}` had ended ok and ran again"
        for node in api.status(None, cwd=self.root).nodes:
            ids = ran.get(node.id, [])
            known = self.attempts(node.id)
            assert len(ids) == len(set(ids)), f"an attempt of `{node.id}` was carried out twice"
            assert set(ids) <= known, f"`{node.id}` ran without an intent on record"

    def attempts(self, node: str) -> set[str]:
        """The ids of all attempts of a node that the Ledger knows, of every generation."""
        with Ledger.open(self.state, readonly=True) as ledger:
            found = ledger.connection.execute("SELECT run_id FROM attempts WHERE node_id = ?", (node,))
            return {run_id for (run_id,) in found}

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
