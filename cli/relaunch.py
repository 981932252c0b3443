"""`me relaunch`."""

from __future__ import annotations

from typing import Annotated

import typer

from .args import AsJson


def relaunch(
    alias: Annotated[str, typer.Argument(help="The Executor, such as `arch-7b3`.", metavar="ALIAS")],
    full: Annotated[
        bool, typer.Option("--full", help="All of its Runs, with their Briefs and Deliverables.")
    ] = False,
    run: Annotated[
        str | None,
        typer.Option("--run", help="Give it something to do, as `me dispatch` does.", metavar="INSTRUCTION"),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask whether the plan is right.")] = False,
    as_json: AsJson = False,
) -> int:
    """Print what an Executor is told of its past when it goes on, or have it go on.

    By default that is short: its Role, its last Brief, the summary of its last Deliverable, and the Executors
    around it.
    """
    from .. import api
    from .speech import give, give_json, say

    found = api.relaunch_context(alias, full=full)
    if run is not None:
        from .dispatch_role import run_dispatch

        asked = api.Dispatch(role=found["role"], instruction=run, executor=found["alias"])
        return run_dispatch(asked, replay=None, yes=yes, as_json=as_json, quiet=False)
    if as_json:
        give_json(found)
        return 0
    give(f"{found['text']}\n")
    say(f'about {found["tokens"]} tokens; `me relaunch {alias} --run "…"` has it go on')
    return 0
