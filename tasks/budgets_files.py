"""Reads `budgets.yaml`, of the user and of the project: which runtime and model do the work of Roles."""

from __future__ import annotations

import os.path
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, Final, Literal

from pydantic import BaseModel, ValidationError

from ..schemas.agent import Tier
from ..schemas.budgets_config import BudgetsConfig, RoleChoice, TierModels
from ..schemas.errors import InputError, SourceEmpty
from ..schemas.span import Path
from .document import Document
from .reader import by_place, read_problems
from .roles.shape import keyed_errors
from .source_file import read_source

FILE: Final = os.path.join(".metaensemble", "budgets.yaml")
"""Where the settings lie, below a project's root and below a user's home."""

Layer = Literal["project", "user"]

Unfit = Callable[[str], InputError | None]
"""Says what is wrong with the name of a runtime that is to do the work of Roles."""

_OTHER_NAMES: Final = {
    **dict.fromkeys(("client", "adapter", "default_runtime"), "runtime"),
    **dict.fromkeys(("role", "agents"), "roles"),
    **dict.fromkeys(("tiers", "model_map"), "models"),
    "model_tier": "tier",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A setting, and why it is that: which file says so, for people."""

    value: str
    why: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What the files say; the first of `layers` counts before the others."""

    layers: Sequence[tuple[Layer, BudgetsConfig]] = ()

    def runtime(self, role: str) -> Choice | None:
        """The runtime for a Role."""
        for layer, config in self.layers:
            of_role = config.roles.get(role, RoleChoice()).runtime
            if of_role is not None:
                return Choice(of_role, f"{_shown(layer)} says so for `{role}`")
            if config.runtime is not None:
                return Choice(config.runtime, f"{_shown(layer)} says so")
        return None

    def tier(self, role: str) -> Tier | None:
        """The tier that a Role asks for."""
        return next((one.tier for one in self._of(role) if one.tier is not None), None)

    def model(self, role: str, runtime: str) -> str | None:
        """The model that a Role asks for of this runtime: one that is said with another is none for it."""
        for one in self._of(role):
            if one.model is not None:
                return one.model if one.runtime in (None, runtime) else None
            if one.tier is not None:
                return None  # a nearer file asks for a tier
        return None

    def model_of(self, runtime: str, tier: Tier) -> str | None:
        """What the tier is called by the runtime."""
        named = (config.models.get(runtime, TierModels()) for _, config in self.layers)
        return next((name for one in named if (name := getattr(one, tier)) is not None), None)

    def some_model(self, runtime: str) -> str | None:
        """A model of the runtime that is named at all: for a tier, or for a Role that it serves."""
        named: list[str | None] = []
        for _, config in self.layers:
            tiers = config.models.get(runtime, TierModels())
            named += [tiers.opus, tiers.sonnet, tiers.haiku]
            named += [one.model for one in config.roles.values() if one.runtime == runtime]
        return next((name for name in named if name is not None), None)

    def _of(self, role: str) -> list[RoleChoice]:
        return [config.roles[role] for _, config in self.layers if role in config.roles]


def load_choices(
    project: FilePath, *, home: FilePath | None, unfit: Unfit = lambda _: None
) -> tuple[Choices, list[InputError]]:
    """What the files of the project and of the user say, and what is wrong with them; `unfit` judges the
    runtimes that they name."""
    layers: list[tuple[Layer, BudgetsConfig]] = []
    problems: list[InputError] = []
    folders: list[tuple[Layer, FilePath | None]] = [("project", project), ("user", home)]
    seen: set[str] = set()
    for layer, folder in folders:
        path = None if folder is None else str(folder / FILE)
        if path is None or path in seen or not os.path.lexists(path):
            continue
        seen.add(path)
        config, found = _read(path, FILE if layer == "project" else os.path.join("~", FILE), unfit)
        problems += found
        if config is not None:
            layers.append((layer, config))
    return Choices(layers), problems


def _read(path: str, shown: str, unfit: Unfit) -> tuple[BudgetsConfig | None, list[InputError]]:
    try:
        data = read_source(FilePath(path))
    except InputError as error:
        return None, [error]
    document, problems = read_problems(data, shown)
    if problems and all(isinstance(error, SourceEmpty) for error in problems):
        return None, []
    if document is None or problems:
        return None, problems
    try:
        config = BudgetsConfig.model_validate(document.value)
    except ValidationError as error:
        details: list[dict[str, Any]] = [dict(one) for one in error.errors(include_url=False)]
        found = keyed_errors(document, details, _known_keys, _OTHER_NAMES, "the file")
        return None, sorted(found, key=by_place)
    return config, sorted(_unfit_runtimes(config, document, unfit), key=by_place)


def _unfit_runtimes(config: BudgetsConfig, document: Document, unfit: Unfit) -> Iterator[InputError]:
    named: list[tuple[str | None, Path, Literal["key", "value"]]] = [
        (config.runtime, ("runtime",), "value"),
        *((one.runtime, ("roles", role, "runtime"), "value") for role, one in config.roles.items()),
        *((runtime, ("models", runtime), "key") for runtime in config.models),
    ]
    for runtime, place, part in named:
        problem = None if runtime is None else unfit(runtime)
        if problem is not None:
            problem.span = document.span(place, part)
            yield problem


def _known_keys(place: Path) -> tuple[str, ...]:
    models: Mapping[str, type[BaseModel]] = {"roles": RoleChoice, "models": TierModels}
    match place:
        case ():
            return tuple(BudgetsConfig.model_fields)
        case (str(key), _) if key in models:
            return tuple(models[key].model_fields)
    return ()


def _shown(layer: Layer) -> str:
    return "the project's budgets.yaml" if layer == "project" else "your own budgets.yaml"
