"""Layer 3, part of `api`: what would keep a bound graph from being run, found before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ._api_agents import unusable_executors, with_agents, wrong_pointers
from ._api_check import place, refuse, refuse_later
from ._api_prices import broken_prices
from .engine.instances import replayed
from .engine.project import state_dir
from .engine.runtimes.registry import preflight
from .engine.worktrees.preflight import check_worktrees

if TYPE_CHECKING:
    from ._api_check import Texts
    from .schemas.bound import BoundGraph


def ready(graph: BoundGraph, texts: Texts, *, environ: Mapping[str, str], replay: Path | None) -> BoundGraph:
    """The graph as it is run: with Roles, runtimes and models chosen. Raises `InputErrors`."""
    refuse_later(graph, texts)
    graph, errors = with_agents(graph, environ=environ, replayed=replay is not None)
    errors += unusable_executors(graph, state_dir(Path(graph.project)))
    errors += wrong_pointers(graph)
    refuse(place(errors, texts))
    if replay is not None:
        graph = replayed(graph)
    problems = [] if replay is not None else check_worktrees(graph, environ)
    problems += broken_prices(graph, environ)
    refuse(place([*preflight(graph, environ=environ, replay=replay), *problems], texts))
    return graph
