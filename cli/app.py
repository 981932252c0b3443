"""Which commands there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from .groups import LazyGroup, build_command, build_group, load

PLACE_FLAGS = ("-C", "--directory")
"""The flag that stands before the command as well as behind it."""


class Dag(LazyGroup):
    """Check, run, resume and look at task graphs."""

    table: ClassVar[Mapping[str, str]] = {
        "validate": ".dag.validate:validate",
        "plan": ".dag.plan:plan",
        "run": ".dag.run:run",
        "resume": ".dag.resume:resume",
        "approve": ".dag.approve:approve",
        "status": ".dag.status:status",
        "list": ".dag.listing:list_",
        "logs": ".dag.logs:logs",
        "cancel": ".dag.cancel:cancel",
        "render": ".dag.render:render",
        "diff": ".dag.diff:diff",
        "schema": ".dag.schema:schema",
        "functions": ".dag.functions:functions",
    }


class Ledger(LazyGroup):
    """Read and check the record of everything that was attempted."""

    table: ClassVar[Mapping[str, str]] = {
        "recent": ".ledger.recent:recent",
        "run": ".ledger.run:run",
        "head": ".ledger.head:head",
        "verify": ".ledger.verify:verify",
        "rebuild": ".ledger.rebuild:rebuild",
        "export": ".ledger.export:export",
    }


class Patterns(LazyGroup):
    """Look at the patterns that a task may name."""

    table: ClassVar[Mapping[str, str]] = {
        "list": ".patterns.listing:list_",
        "show": ".patterns.show:show",
    }


class Roles(LazyGroup):
    """Look at the job descriptions that Executors are made from, write and check them, put them away."""

    table: ClassVar[Mapping[str, str]] = {
        "list": ".roles.listing:list_",
        "show": ".roles.show:show",
        "new": ".roles.new:new",
        "validate": ".roles.validate:validate",
        "archive": ".roles.archive:archive",
        "restore": ".roles.restore:restore",
    }


class Manifest(LazyGroup):
    """Write and check Manifests: the contracts that work is handed over with."""

    table: ClassVar[Mapping[str, str]] = {
        "new-id": ".manifest.new_id:new_id",
        "scaffold": ".manifest.scaffold:scaffold",
        "validate": ".manifest.validate:validate",
    }


class Brief(LazyGroup):
    """Check Briefs: the messages that Executors send each other."""

    table: ClassVar[Mapping[str, str]] = {"validate": ".brief.validate:validate"}


class Worktrees(LazyGroup):
    """See what attempts did in worktrees of their own, and take it over."""

    table: ClassVar[Mapping[str, str]] = {
        "list": ".worktrees.listing:list_",
        "apply": ".worktrees.apply:apply",
        "clean": ".worktrees.clean:clean",
        "restore": ".worktrees.restore:restore",
    }


class Prices(LazyGroup):
    """See what the use of models is reckoned to cost, and take the prices anew."""

    table: ClassVar[Mapping[str, str]] = {
        "show": ".prices.show:show",
        "refresh": ".prices.refresh:refresh",
    }


class Consensus(LazyGroup):
    """See how far the votes of patterns can be trusted."""

    table: ClassVar[Mapping[str, str]] = {"report": ".consensus.report:report"}


class Shadow(LazyGroup):
    """See whether a shadow may take the place of what it runs beside."""

    table: ClassVar[Mapping[str, str]] = {"report": ".shadow.report:report"}


class Quality(LazyGroup):
    """See what the quality gate says about files."""

    table: ClassVar[Mapping[str, str]] = {"check": ".quality.check:check"}


class Root(LazyGroup):
    """Run task graphs that survive kill -9, and see why every node did what it did."""

    table: ClassVar[Mapping[str, str]] = {
        "dag": ".app:Dag",
        "ledger": ".app:Ledger",
        "patterns": ".app:Patterns",
        "roles": ".app:Roles",
        "manifest": ".app:Manifest",
        "brief": ".app:Brief",
        "consensus": ".app:Consensus",
        "shadow": ".app:Shadow",
        "quality": ".app:Quality",
        "worktrees": ".app:Worktrees",
        "prices": ".app:Prices",
        "dispatch": ".dispatch_role:dispatch_role",
        "doctor": ".doctor:doctor",
        "executors": ".executors:executors",
        "registry": ".registry:registry",
        "relaunch": ".relaunch:relaunch",
        "explain": ".explain:explain",
    }


def root() -> Any:
    """The whole program as a click command."""
    return build_group(Root, with_completion=True)


def find(args: Sequence[str]) -> tuple[Any, list[str], list[str]]:
    """The command that `args` begins to name, the words that named it, and what is left for it.

    Typer would take the same way down, but loads pydantic to look at the flags of every group that
    it passes, even where there are none; so `me dag --help` would cost what a run costs.
    """
    group: type[LazyGroup] = Root
    words: list[str] = []
    place, rest = _split_place(args)
    while rest and rest[0] in group.table:
        found = load(group.table[rest[0]])
        words.append(rest.pop(0))
        if not isinstance(found, type):
            return build_command(found, words[-1]), words, [*place, *rest]
        group = found
    return (build_group(group, words[-1]) if words else root()), words, rest


def _split_place(args: Sequence[str]) -> tuple[list[str], list[str]]:
    """What stands before the first command, as far as it is `-C DIR`, and the rest of a command line."""
    at = 0
    while at < len(args):
        word = args[at]
        if word in PLACE_FLAGS and at + 1 < len(args):
            at += 2
        elif word.startswith("--directory=") or (word.startswith("-C") and len(word) > 2):
            at += 1
        else:
            break
    return list(args[:at]), list(args[at:])
