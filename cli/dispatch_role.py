"""`me dispatch`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..schemas.errors import BadFlagValue
from .args import AsJson, Quiet, Replay

if TYPE_CHECKING:
    from ..api import Dispatch
    from ..schemas.report import Report
    from .progress import Watcher


def dispatch_role(
    role: Annotated[str, typer.Argument(metavar="ROLE", help="The Role, such as `code-quality`.")],
    instruction: Annotated[str, typer.Argument(metavar="INSTRUCTION", help="What is to be done.")],
    *,
    fanout: Annotated[
        int | None,
        typer.Option("--fanout", metavar="N", help="N Executors, each from another side, and a synthesis."),
    ] = None,
    consensus: Annotated[
        int | None, typer.Option("--consensus", metavar="N", help="N Executors vote; by yes or no, at first.")
    ] = None,
    vote: Annotated[
        str | None, typer.Option("--vote", metavar="FIELD", help="The field of the result that is counted.")
    ] = None,
    schema: Annotated[
        Path | None, typer.Option("--schema", metavar="FILE", help="A JSON Schema that the result must meet.")
    ] = None,
    shadow: Annotated[
        str | None,
        typer.Option(
            "--shadow", metavar="A,B", help="Tiers, runtimes or models that do it beside, to compare."
        ),
    ] = None,
    peer_review: Annotated[
        str | None, typer.Option("--peer-review", metavar="R1,R2", help="Roles that review the work.")
    ] = None,
    runtime: Annotated[
        str | None, typer.Option("--runtime", metavar="NAME", help="Which client does it.")
    ] = None,
    tier: Annotated[
        str | None, typer.Option("--tier", metavar="TIER", help="`opus`, `sonnet` or `haiku`.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="One particular model.")
    ] = None,
    file: Annotated[
        list[str] | None,
        typer.Option(
            "--file", metavar="PATH[:A..B]", help="A file to look at, or lines of it; may be repeated."
        ),
    ] = None,
    executor: Annotated[
        str | None, typer.Option("--executor", metavar="ALIAS", help="The Executor that goes on with it.")
    ] = None,
    manifest: Annotated[
        Path | None, typer.Option("--manifest", metavar="FILE", help="A Manifest that the work is held to.")
    ] = None,
    replay: Replay = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask whether the plan is right.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    """Give a Role something to do, without a graph file.

    Shows the plan of the small graph that does it, asks at a terminal whether that is right, and runs it.
    What came of it goes to stdout, all else to stderr. The graph is kept under
    `.metaensemble/state/dispatched/`.
    """
    from .. import api

    return run_dispatch(
        api.Dispatch(
            role=role,
            instruction=instruction,
            fanout=fanout,
            consensus=consensus,
            vote=vote,
            schema=schema,
            shadows=_names(shadow, "--shadow"),
            reviewers=_names(peer_review, "--peer-review"),
            runtime=runtime,
            tier=tier,
            model=model,
            files=tuple(file or ()),
            executor=executor,
            manifest=manifest,
        ),
        replay=replay,
        yes=yes,
        as_json=as_json,
        quiet=quiet,
    )


def run_dispatch(asked: Dispatch, *, replay: Path | None, yes: bool, as_json: bool, quiet: bool) -> int:
    """Write the graph, show its plan, and run it. Gives the exit code of the run; 0 when it is called off."""
    from .. import api
    from .dag.plan import say_rest, table_of
    from .driving import drive
    from .prompt import can_ask, is_agreed
    from .speech import say

    graph = api.dispatch_graph(asked, replay=replay)
    if not (as_json or quiet):
        plan = api.plan(graph, replayed=replay is not None)
        say(table_of(plan).rstrip("\n"))
        say_rest(plan)
        if not yes and can_ask(as_json=as_json, quiet=quiet) and not is_agreed("run it?"):
            say(f"not run; the graph is in {graph}")
            return 0

    def begin(observer: Watcher) -> Report:
        return api.run(graph, observer=observer, replay=replay, signals=True)

    def go_further(observer: Watcher, paused: Report) -> Report:
        return api.resume(
            paused.dag_run_id,
            cwd=Path(paused.project),
            observer=observer,
            retry=False,
            replay=replay,
            signals=True,
        )

    return drive(begin, go_further, as_json=as_json, quiet=quiet, last=give_answer)


def give_answer(report: Report) -> None:
    """What came of it, to stdout."""
    from .plain import visible
    from .speech import give, give_json

    answer = report.outputs.get("answer")
    if isinstance(answer, str):
        give(f"{visible(answer) if sys.stdout.isatty() else answer}\n")
    elif answer is not None:
        give_json(answer)


def _names(given: str | None, flag: str) -> tuple[str, ...]:
    """The names in a list with commas; each must be there once."""
    if given is None:
        return ()
    names = tuple(name.strip() for name in given.split(","))
    if not all(names) or len(set(names)) < len(names):
        raise BadFlagValue(f"`{flag} {given}` is no list of names", hint=f"write `{flag} A,B`")
    return names
