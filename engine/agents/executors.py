"""Who does a node's work: the Executors of a DAG run, looked up in the registry or made anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ...schemas.agent import AgentSpec, Role
from ...schemas.ids import IdSource
from ..ledger import people_queries, queries
from ..ledger.ledger import Ledger
from ..ledger.lock import is_held
from ..ledger.people_rows import ExecutorRow
from ..ledger.records import EXECUTOR_CREATED, ROLE_NOTED, Record
from ..ledger.rows import DagRunRow
from .aliases import alias_for


class NoExecutor(Exception):
    """The Executor that a task names cannot do it; the message is one sentence for people."""


class ExecutorLeft(NoExecutor):
    """The Executor that a task names was left at work by a DAG run that nobody drives."""


class ExecutorAtWork(Exception):
    """The Executor `alias`, which a task names, does something else, and will be idle when that has ended;
    the message is one sentence for people."""

    def __init__(self, message: str, alias: str) -> None:
        super().__init__(message)
        self.alias = alias


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The Executor of one attempt. `first`: it has ended no Run yet. `session` is a session of the runtime
    that it goes on with, which had used `totals`. `records` are what must be on record before the attempt."""

    executor_id: str
    alias: str
    first: bool
    session: str | None = None
    totals: Mapping[str, Any] | None = None
    continues: bool = False
    records: tuple[Record, ...] = ()


class Executors:
    """Chooses the Executors of one DAG run.

    `known` maps nodes to the Executor that has tried them before, which tries them again. An Executor that
    was chosen here is not chosen for another node until `release` says that its attempt is over.
    """

    def __init__(
        self, ledger: Ledger, dag_run_id: str, *, ids: IdSource, known: Mapping[str, str] | None = None
    ) -> None:
        self._ledger = ledger
        self._dag_run_id = dag_run_id
        self._ids = ids
        self._by_node = dict(known or {})
        self._engaged: set[str] = set()
        self._noted: set[tuple[str, str, str]] = set()
        self._made: set[str] = set()

    def of_node(self, node: str) -> str | None:
        """The id of the Executor that the node was given to last."""
        return self._by_node.get(node)

    def choose(self, spec: AgentSpec, node: str, *, runtime: str, parent: str | None = None) -> Choice:
        """The Executor for an attempt at `node`. Raises `NoExecutor`, and `ExecutorAtWork` where the task
        has to wait for the one that it names.

        One that the task names; else the one that tried this node before; else, unless the pattern asks for
        an identity of its own, an idle one of the Role; else a new one, made from the Role.
        """
        role = spec.identity
        if role is None:
            raise NoExecutor(f"the Role `{spec.role}` was not looked up")
        if spec.executor is not None:
            found = self._named(spec.executor, role, runtime)
            found = replace(found, records=self._note(role))
        else:
            found = self._free(spec, role, node, self._note(role), parent)
        self._engaged.add(found.executor_id)
        self._by_node[node] = found.executor_id
        return found

    def release(self, executor_id: str) -> None:
        """The attempt that the Executor was chosen for is over."""
        self._engaged.discard(executor_id)

    def is_at_work(self, alias: str) -> bool:
        """Whether a task that names the Executor has to wait for it."""
        row = people_queries.executor_by_alias(self._ledger, alias)
        try:
            if row is not None:
                self._check_idle(row)
        except ExecutorAtWork:
            return True
        except NoExecutor:
            pass
        return False

    def withdraw(self, choices: Mapping[str, Choice]) -> None:
        """Forget choices, by node, whose records could not be written: somebody else was faster."""
        for node, choice in choices.items():
            self._engaged.discard(choice.executor_id)
            self._noted.clear()
            self._made.clear()
            if self._by_node.get(node) == choice.executor_id:
                del self._by_node[node]

    def _named(self, alias: str, role: Role, runtime: str) -> Choice:
        row = people_queries.executor_by_alias(self._ledger, alias)
        if row is None:
            raise NoExecutor(f"there is no Executor `{alias}`")
        if row.role_id != role.name:
            raise NoExecutor(f"the Executor `{alias}` has the Role `{row.role_id}`, not `{role.name}`")
        if row.status == "retired":
            raise NoExecutor(f"the Executor `{alias}` is retired")
        self._check_idle(row)
        return continued(row, runtime)

    def _check_idle(self, row: ExecutorRow) -> None:
        """Raises `ExecutorAtWork`, or `ExecutorLeft` where nobody is there who would see the work's end."""
        dag_run = None
        if row.executor_id not in self._engaged:
            if row.status != "active" or row.run_id is None:
                return
            dag_run = queries.unfinished_dag_run_of(self._ledger, row.run_id)
            if dag_run is None or not self._is_driven(dag_run.dag_run_id):
                self._check_left(row, dag_run)
                return
        where = "does another task of this DAG run"
        if dag_run is not None and dag_run.dag_run_id != self._dag_run_id:
            where = f"is at work in DAG run {dag_run.dag_run_id} (`{dag_run.name}`)"
        raise ExecutorAtWork(f"waits for the Executor `{row.alias}`, which {where}", row.alias)

    def _is_driven(self, dag_run_id: str) -> bool:
        return dag_run_id == self._dag_run_id or is_held(self._ledger.state, dag_run_id) is not None

    def _check_left(self, row: ExecutorRow, dag_run: DagRunRow | None) -> None:
        now = people_queries.executor_by_id(self._ledger, row.executor_id)
        if now is not None and (now.status, now.run_id) != (row.status, row.run_id):
            # What it was at work on has ended between two looks, and with it perhaps the DAG run.
            self._check_idle(now)
            return
        what = f"the Executor `{row.alias}` was left at work"
        if dag_run is None:
            raise ExecutorLeft(f"{what}, and the DAG run that could end that has ended")
        one = dag_run.dag_run_id
        raise ExecutorLeft(
            f"{what} by DAG run {one} (`{dag_run.name}`), which nobody drives: `me dag resume {one}` goes on"
            f" with it, `me dag cancel {one}` gives it up"
        )

    def _free(
        self, spec: AgentSpec, role: Role, node: str, noted: tuple[Record, ...], parent: str | None
    ) -> Choice:
        before = self._by_node.get(node)
        row = None if before is None else people_queries.executor_by_id(self._ledger, before)
        if row is None and not spec.independent:
            idle = people_queries.idle_executors(self._ledger, role.name, limit=100)
            row = next((one for one in idle if one.executor_id not in self._engaged), None)
        if row is not None and row.status == "idle" and row.executor_id not in self._engaged:
            return Choice(executor_id=row.executor_id, alias=row.alias, first=not row.runs, records=noted)
        return self._new(role, noted, parent)

    def _new(self, role: Role, noted: tuple[Record, ...], parent: str | None) -> Choice:
        executor_id = self._ids()
        alias = alias_for(role.prefix, executor_id, self._is_taken)
        self._made.add(alias)
        payload = {
            "alias": alias,
            "role_id": role.name,
            "role_version": role.version,
            "parent_id": parent,
        }
        record = Record(EXECUTOR_CREATED, executor_id, self._dag_run_id, payload)
        return Choice(executor_id=executor_id, alias=alias, first=True, records=(*noted, record))

    def _is_taken(self, alias: str) -> bool:
        return alias in self._made or people_queries.executor_by_alias(self._ledger, alias) is not None

    def _note(self, role: Role) -> tuple[Record, ...]:
        """The record that the Role is used, once per DAG run and version."""
        key = (role.name, role.version, role.digest)
        if key in self._noted:
            return ()
        self._noted.add(key)
        payload = {
            "version": role.version,
            "name": role.name,
            "tier": role.tier,
            "alias_prefix": role.prefix,
            "origin": role.origin,
            "digest": role.digest,
        }
        return (Record(ROLE_NOTED, role.name, self._dag_run_id, payload),)


def continued(row: ExecutorRow, runtime: str) -> Choice:
    """The Executor as one that goes on from where it was: in its session, if that is one of `runtime`."""
    same = row.session_id is not None and row.session_runtime == runtime
    return Choice(
        executor_id=row.executor_id,
        alias=row.alias,
        first=not row.runs,
        session=row.session_id if same else None,
        totals=row.session_totals if same else None,
        continues=True,
    )
