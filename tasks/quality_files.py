"""Reads `quality.yaml`, of the user and of the project, and lays them over what the program brings."""

from __future__ import annotations

import os.path
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any, Final

from pydantic import ValidationError

from ..schemas.errors import InputError, InputErrors
from ..schemas.errors.grammar import UnknownKey
from ..schemas.errors.quality import ContradictoryLimits, QualityFileUnusable
from ..schemas.quality import AXES, CORE, SEVERITIES, Axis, AxisCommand, AxisRule, QualityRules
from ..schemas.quality_config import (
    AxisCommands,
    AxisCommandSettings,
    Counted,
    Coverage,
    QualityConfig,
    Security,
)
from ..schemas.scalars import duration_seconds
from ..schemas.span import Path
from ..schemas.suggest import did_you_mean, in_backticks
from .document import Document
from .reader import by_place, read_problems
from .shape_errors import shape_errors
from .source_file import read_source

FILE: Final = os.path.join(".metaensemble", "quality.yaml")
"""Where the settings lie, below a project's root and below a user's home."""

_NEVER: Final = "never"


def quality_rules(*, project: str, home: str | None) -> QualityRules:
    """The rules for a project: the core layer, below it the user's file, below that the project's.

    Raises `InputErrors` with all that is wrong with the files.
    """
    rules = QualityRules()
    problems: list[InputError] = []
    for folder in dict.fromkeys(folder for folder in (home, project) if folder):
        path = os.path.join(folder, FILE)
        if not os.path.lexists(path):
            continue
        document, found = _read(path)
        if document is None or found:
            problems += found
            continue
        rules, wrong = _laid_over(rules, document)
        problems += wrong
    if problems:
        raise InputErrors(problems)
    return rules


def _read(path: str) -> tuple[Document | None, list[InputError]]:
    try:
        data = read_source(FilePath(path))
    except InputError as error:
        text = f"the settings of the quality gate cannot be read: {error.message}"
        return None, [QualityFileUnusable(text, hint="make it a file, or take it away")]
    document, problems = read_problems(data, path)
    if document is None and not problems:
        return None, [QualityFileUnusable(f"`{path}` is empty", hint="write settings, or take it away")]
    return document, problems


def _laid_over(below: QualityRules, document: Document) -> tuple[QualityRules, list[InputError]]:
    try:
        config = QualityConfig.model_validate(document.value)
    except ValidationError as error:
        found = shape_errors(document, [dict(one) for one in error.errors(include_url=False)])
        return below, [_with_hint(one) for one in sorted(found, key=by_place)]
    rules = merged(below, config)
    return rules, [_placed(error, document) for error in _contradictions(rules, config)]


def merged(below: QualityRules, config: QualityConfig) -> QualityRules:
    """`below` with what `config` says."""
    axes = {axis: _axis(below.axes[axis], getattr(config, axis)) for axis in AXES}
    commands = {suffix: dict(known) for suffix, known in below.commands.items()}
    for suffix, of_axis in config.axis_commands.items():
        commands.setdefault(suffix, {}).update(_commands(of_axis))
    security = config.security
    audit = security.audit if isinstance(security, Security) and security.audit is not None else below.audit
    timeout = config.checks_timeout
    return replace(
        below,
        axes=axes,
        commands=commands,
        audit=audit,
        checks_timeout=below.checks_timeout if timeout is None else duration_seconds(timeout),
        parallel=config.parallel or below.parallel,
    )


def _axis(below: AxisRule, said: Counted | Security | Coverage | str | None) -> AxisRule:
    if said is None:
        return below
    if isinstance(said, str):
        return replace(below, on=False)
    rule = replace(below, on=True)
    if said.timeout is not None:
        rule = replace(rule, timeout=duration_seconds(said.timeout))
    notify, block = (said.drop, said.least) if isinstance(said, Coverage) else (said.notify, said.block)
    if notify is not None:
        rule = replace(rule, notify=_limit(notify))
    return rule if block is None else replace(rule, block=_limit(block))


def _limit(said: float | str) -> float | None:
    if not isinstance(said, str):
        return said
    return (
        None
        if said == _NEVER
        else next(rank for rank, name in enumerate(SEVERITIES, start=1) if name == said)
    )


def _commands(of_axis: AxisCommands) -> dict[Axis, AxisCommand]:
    said: Mapping[Axis, AxisCommandSettings | None] = {axis: getattr(of_axis, axis) for axis in AXES}
    return {
        axis: AxisCommand(
            argv=one.run, timeout=duration_seconds(one.timeout), state_on_fail=one.state_on_fail
        )
        for axis, one in said.items()
        if one is not None
    }


def _contradictions(rules: QualityRules, config: QualityConfig) -> list[InputError]:
    """Axes that would never notify, because they block before that."""
    found: list[InputError] = []
    for axis in AXES:
        rule, said = rules.axes[axis], getattr(config, axis)
        if axis == "coverage" or said is None or rule.notify is None or rule.block is None:
            continue
        if rule.notify > rule.block:
            error = ContradictoryLimits(
                f"`{axis}` blocks from {_shown(axis, rule.block)} on, and would notify from"
                f" {_shown(axis, rule.notify)} on, which is worse",
                hint=f"as long as nothing else is said, `{axis}` notifies from"
                f" {_shown(axis, CORE[axis].notify)} and blocks from {_shown(axis, CORE[axis].block)} on",
            )
            error.where = (axis,)
            found.append(error)
    return found


def _shown(axis: Axis, value: float | None) -> str:
    if value is None:
        return _NEVER
    return SEVERITIES[int(value) - 1] if axis == "security" else f"{value:g}"


def _placed(error: InputError, document: Document) -> InputError:
    error.span = document.span(error.where or ())
    return error


def _with_hint(error: InputError) -> InputError:
    """An unknown key with what could be meant here, which is no task graph."""
    if isinstance(error, UnknownKey) and error.where:
        keys = _known_keys(error.where[:-1])
        error.hint = did_you_mean(str(error.where[-1]), keys) or f"there are {in_backticks(keys, last='and')}"
    return error


def _known_keys(place: Path) -> list[str]:
    models: dict[str, Any] = {
        **dict.fromkeys(("correctness", "maintainability", "complexity"), Counted),
        "security": Security,
        "coverage": Coverage,
    }
    match place:
        case ():
            model: Any = QualityConfig
        case ("axis_commands", _):
            model = AxisCommands
        case ("axis_commands", _, _):
            model = AxisCommandSettings
        case _:
            model = models[str(place[0])]
    return [info.alias or name for name, info in model.model_fields.items()]
