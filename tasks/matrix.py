"""The cells of a matrix: the product of its axes, less what is excluded, plus what is included. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from ..schemas.canonical import canonical
from ..schemas.template import as_text

Values = dict[str, Any]


def cells(
    axes: Mapping[str, Sequence[Any]],
    include: Sequence[Mapping[str, Any]] = (),
    exclude: Sequence[Mapping[str, Any]] = (),
) -> list[Values]:
    """All combinations in the order of the axes, the last one turning fastest; then those included.

    A combination that agrees with every value of an `exclude` is left out. An `include` is a cell of
    its own, also when an `exclude` would take it. Of equal cells the first is kept.
    """
    made = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())] if axes else []
    kept = [cell for cell in made if not any(_agrees(cell, rule) for rule in exclude)]
    kept += [dict(cell) for cell in include]
    return list({canonical(cell): cell for cell in reversed(kept)}.values())[::-1]


def cell_key(values: Mapping[str, Any]) -> str:
    """How a cell is named: `py=3.12,os=linux`."""
    return ",".join(f"{name}={as_text(value)}" for name, value in values.items())


def _agrees(cell: Mapping[str, Any], rule: Mapping[str, Any]) -> bool:
    return all(name in cell and canonical(cell[name]) == canonical(value) for name, value in rule.items())
