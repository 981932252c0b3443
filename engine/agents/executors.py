"""Who does a node's work: the Executors of a DAG run, looked up in the registry or made anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ...schemas.agent import AgentSpec, Role
from ...schemas.ids import IdSource
from ..ledger import people_queries
from ..ledger.ledger import Ledger
from ..ledger.people_rows import ExecutorRow
from ..ledger.records import EXECUTOR_CREATED, ROLE_NOTED, Record
from .aliases import alias_for


class NoExecutor(Exception):
    """The Executor that a task names cannot do it; the message is one sentence for people."""


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
        """The Executor for an attempt at `node`. Raises `NoExecutor`.

        One that the task names; else the one that tried this node before; else, unless the pattern asks for
        an identity of its own, an idle one of the Role; else a new one, made from the Role.
        """
        role = spec.identity
        if role is None:
            raise NoExecutor(f"the Role `{spec.role}` was not looked up")
        noted = self._note(role)
        if spec.executor is not None:
            found = replace(self._named(spec.executor, role, runtime), records=noted)
        else:
            found = self._free(spec, role, node, noted, parent)
        self._engaged.add(found.executor_id)
        self._by_node[node] = found.executor_id
        return found

    def release(self, executor_id: str) -> None:
        """The attempt that the Executor was chosen for is over."""
        self._engaged.discard(executor_id)

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
        return continued(row, runtime)

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
