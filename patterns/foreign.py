"""Patterns of other packages: what they raise, and what they give back, is held to the protocol."""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from dataclasses import replace
from typing import Any, Final

from ..schemas.bound import BoundTask
from ..schemas.errors.patterns import PatternBroken
from ..schemas.suggest import in_backticks
from .pieces import does_something
from .protocol import Expansion, PatternProblem, problem

_ID: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_LONGEST: Final = 300


class Foreign:
    """The pattern `name` that `load` gets from the package `package`. `rules` are the settle rules that
    there are. Everything that goes wrong in it is a `PatternProblem` that names the package."""

    def __init__(self, name: str, package: str, load: Callable[[], Any], rules: Container[str]) -> None:
        self._name = name
        self._package = package
        self._rules = rules
        try:
            self._pattern = load()
            self._settings, self._summary = self._pattern.settings, str(self._pattern.summary)
        except Exception as error:
            raise self.broken("cannot be loaded", error) from error
        if not (isinstance(self._settings, type) and hasattr(self._settings, "model_validate")):
            raise self.broken("cannot be loaded: its `settings` are no pydantic model")

    @property
    def name(self) -> str:
        """The name by which it is registered."""
        return self._name

    @property
    def summary(self) -> str:
        return self._summary

    @property
    def settings(self) -> type[Any]:
        found: type[Any] = self._settings
        return found

    def expand(self, task: BoundTask, settings: Any) -> Expansion:
        """What the pattern makes of the task, once that was looked at. Raises `PatternProblem`."""
        try:
            found = self._pattern.expand(task, settings)
        except PatternProblem:
            raise
        except Exception as error:
            raise self.broken(f"could not expand the task `{task.id}`", error) from error
        why = self._why_unusable(found)
        if why is not None:
            raise self.broken(f"made of the task `{task.id}` what cannot be run: {why}")
        made: Expansion = found
        return replace(made, pieces=tuple(made.pieces))

    def broken(self, what: str, error: Exception | None = None) -> PatternProblem:
        """The problem that is reported of the pattern."""
        said = "" if error is None else f": {type(error).__name__}: {' '.join(str(error).split())}"
        return problem(
            PatternBroken,
            f"the pattern `{self._name}` of the package `{self._package}` {what}{said[:_LONGEST]}",
            f"this is for whoever maintains `{self._package}`",
        )

    def _why_unusable(self, found: Any) -> str | None:
        if not isinstance(found, Expansion):
            return f"`expand` gave no `Expansion`, but {type(found).__name__}"
        pieces: Any = found.pieces
        if not isinstance(pieces, tuple | list) or not all(isinstance(one, BoundTask) for one in pieces):
            return "its pieces are no sequence of `BoundTask`"
        ids = [one.id for one in pieces]
        twice = next((one for one in ids if ids.count(one) > 1), None) if len(set(ids)) < len(ids) else None
        if twice is not None:
            return f"two pieces are called `{twice}`"
        for one in pieces:
            why = self._why_not(one, set(ids))
            if why is not None:
                return why
        if found.result not in ids:
            return f"the result is `{found.result}`, and the pieces are {in_backticks(ids, last='and')}"
        around = _cycle(pieces)
        return None if around is None else f"the pieces wait for one another: {' -> '.join(around)}"

    def _why_not(self, one: BoundTask, ids: set[str]) -> str | None:
        name: Any = one.id
        if not isinstance(name, str) or not _ID.fullmatch(name):
            return f"{name!r} is no id of a piece"
        if one.cells or not (does_something(one) or one.ask is not None or one.pattern is not None):
            return f"the piece `{one.id}` does nothing"
        for need in one.needs:
            if need.task == one.id or need.task not in ids:
                return f"the piece `{one.id}` needs `{need.task}`, which is no other piece"
        if one.settles is not None and one.settles.rule not in self._rules:
            return f"the piece `{one.id}` asks for the settle rule `{one.settles.rule}`, which there is not"
        return None


def _cycle(pieces: tuple[BoundTask, ...] | list[BoundTask]) -> list[str] | None:
    """Pieces that wait for one another, the first again at the end; None where there are none."""
    waits = {one.id: [need.task for need in one.needs] for one in pieces}
    done: set[str] = set()
    for start in waits:
        way = [start]
        while way:
            need = next((one for one in waits[way[-1]] if one not in done), None)
            if need is None:
                done.add(way.pop())
            elif need in way:
                return [*way[way.index(need) :], need]
            else:
                way.append(need)
    return None
