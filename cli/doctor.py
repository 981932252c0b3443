"""`me doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .args import AsJson

if TYPE_CHECKING:
    from ..api import ClientFound, Health, RoleServed


def doctor(
    ask: Annotated[
        bool,
        typer.Option("--ask", help="Ask every client that is there for one word; its provider counts that."),
    ] = False,
    as_json: AsJson = False,
) -> int:
    """See which clients of agents are there, which Role would use which, and what to install.

    Exit code: 0 when some client can do the work of Roles, else 1.
    """
    from .. import api
    from .speech import give_json

    found = api.examine_health(ask=ask)
    if as_json:
        give_json(_as_json(found))
    else:
        _show(found)
    return 0 if found.can_serve else 1


def _show(found: Health) -> None:
    from .draw import draw
    from .speech import give, say
    from .table import table

    give(table(["client", "state", "version", "where"], [_client_row(one) for one in found.clients]))
    for one in found.clients:
        if one.answers is not None:
            give(f"{one.runtime} {'says' if one.answers else 'does not answer'}: {one.answer}\n")
    if found.roles:
        give("\n")
        give(table(["role", "done by", "tier", "model", "why"], [_role_row(one) for one in found.roles]))
    storage = found.storage
    kind = f" on {storage.file_system}" if storage.file_system else ""
    give(
        f"\nstate: {storage.folder}{kind}{'' if storage.writable else ', which cannot be written'}\n"
        f"SQLite {storage.sqlite_version}, journal mode {storage.journal_mode}\n"
    )
    for problem in found.problems:
        say(draw(problem, colour=False).rstrip("\n"))
    for one in found.clients:
        if one.state in {"missing", "too old"}:
            give(f"{'to get' if one.state == 'missing' else 'for a newer'} {one.runtime}: {one.install}\n")
        elif one.state == "no model":
            give(f"to use {one.runtime}: name its models in budgets.yaml, `models: {{{one.runtime}: …}}`\n")
    if not found.can_serve:
        say("no client can do the work of Roles; without one, `me dag run FILE --replay FILE` plays attempts")


def _client_row(one: ClientFound) -> list[str]:
    old = f" (at least {one.minimum} is needed)" if one.state == "too old" else ""
    state = "does not answer" if one.answers is False else one.state
    return [one.runtime, state + old, one.version or "", one.path or ""]


def _role_row(one: RoleServed) -> list[str]:
    if one.problem:
        return [one.role, "", "", "", one.problem]
    if one.runtime is None:
        return [one.role, "nothing", one.tier or "", "", one.why]
    return [one.role, one.runtime, one.tier or "", one.model or "its own choice", one.why]


def _as_json(found: Health) -> dict[str, Any]:
    from dataclasses import asdict

    told = asdict(found)
    told["problems"] = [problem.to_json() for problem in found.problems]
    told["can_serve"] = found.can_serve
    return told
