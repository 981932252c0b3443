"""The rules of the quality gate, with nothing left to read: which axes, from which values on, how long.

The values here are the core layer; files of the user and of the project change them (`tasks`). Plain data
with an exact JSON form, because it is stored with the DAG run, and a resume goes by what is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, Literal, get_args

Axis = Literal["correctness", "security", "maintainability", "complexity", "coverage"]
GateState = Literal["auto", "notify", "block"]
AxisState = Literal["auto", "notify", "block", "skipped"]
Severity = Literal["low", "medium", "high"]

AXES: Final[tuple[Axis, ...]] = get_args(Axis)
GATE_STATES: Final[tuple[GateState, ...]] = get_args(GateState)
"""From the mildest to the worst."""

SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
"""As numbers they count from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisRule:
    """From which value on an axis notifies and blocks, None for never, and how many seconds its tool has.

    The value is a number of failures (correctness), the worst severity from 1 to 3 (security), a number of
    issues (maintainability), the highest complexity of a function. Of coverage `notify` counts the points
    that it fell by, and it blocks BELOW `block` percent.
    """

    on: bool = True
    notify: float | None = None
    block: float | None = None
    timeout: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisCommand:
    """A program that looks at files for an axis. In `argv` the word `{files}` stands for the files. When it
    ends with anything but 0, the axis is in `state_on_fail`."""

    argv: tuple[str, ...]
    timeout: float = 300.0
    state_on_fail: Literal["notify", "block"] = "notify"


CORE: Final[Mapping[Axis, AxisRule]] = {
    "correctness": AxisRule(notify=1, block=3, timeout=600.0),
    "security": AxisRule(notify=2, block=3),
    "maintainability": AxisRule(notify=6, block=16),
    "complexity": AxisRule(notify=11, block=16),
    "coverage": AxisRule(notify=5, block=80),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRules:
    """All rules. `commands` are by suffix of a file's name, then by axis. `audit`: the installed packages
    are looked up for known weaknesses as well. One of a task's `checks` may take `checks_timeout` seconds;
    at most `parallel` programs run at a time."""

    axes: Mapping[Axis, AxisRule] = field(default_factory=lambda: dict(CORE))
    commands: Mapping[str, Mapping[Axis, AxisCommand]] = field(default_factory=dict)
    audit: bool = False
    checks_timeout: float = 600.0
    parallel: int = 4

    def only(self, wanted: Axis) -> QualityRules:
        """The same rules for one axis alone, which is on."""
        axes = {axis: replace(rule, on=axis == wanted) for axis, rule in self.axes.items()}
        commands = {
            suffix: {axis: command for axis, command in of_axis.items() if axis == wanted}
            for suffix, of_axis in self.commands.items()
        }
        return replace(self, axes=axes, commands=commands)


def to_json(rules: QualityRules) -> dict[str, Any]:
    """The rules as a JSON object."""
    return {
        "axes": {axis: _plain(rule) for axis, rule in rules.axes.items()},
        "commands": {
            suffix: {axis: _plain(command) for axis, command in of_axis.items()}
            for suffix, of_axis in rules.commands.items()
        },
        "audit": rules.audit,
        "checks_timeout": rules.checks_timeout,
        "parallel": rules.parallel,
    }


def from_json(data: Mapping[str, Any]) -> QualityRules:
    """The inverse of `to_json`; what is absent is as in the core layer."""
    given = {name: data[name] for name in ("audit", "checks_timeout", "parallel") if name in data}
    axes = {axis: AxisRule(**rule) for axis, rule in data.get("axes", {}).items()}
    commands = {
        suffix: {axis: AxisCommand(**{**one, "argv": tuple(one["argv"])}) for axis, one in of_axis.items()}
        for suffix, of_axis in data.get("commands", {}).items()
    }
    return QualityRules(axes={**CORE, **axes}, commands=commands, **given)


def _plain(value: AxisRule | AxisCommand) -> dict[str, Any]:
    found = {item.name: getattr(value, item.name) for item in fields(value)}
    return {name: list(item) if isinstance(item, tuple) else item for name, item in found.items()}


def worst(states: Iterable[AxisState]) -> GateState | None:
    """The worst of some states; None when all were skipped, or there are none."""
    known = [GATE_STATES.index(state) for state in states if state != "skipped"]
    return GATE_STATES[max(known)] if known else None
