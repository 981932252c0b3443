"""Holds Manifests and Briefs to the published JSON Schemas, each of which is compiled once."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from ...schemas.errors.contracts import ContractBroken

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

Kind = Literal["manifest", "brief"]

_FOLDER: Final = Path(__file__).parents[2] / "schemas" / "json"
_LONGEST: Final = 200


def broken(kind: Kind, value: Any) -> list[ContractBroken]:
    """What of `value` does not meet the JSON Schema of its kind, in the order of the document."""
    try:
        found = sorted(
            _validator(kind).iter_errors(value), key=lambda error: [*map(str, error.absolute_path)]
        )
    except RecursionError:
        return [ContractBroken(f"the {kind.title()} is nested too deeply to be checked")]
    return [
        ContractBroken(
            f"the {kind.title()} is not valid at `{error.json_path}`: {_short(error.message)}",
            hint=f"`{kind}.schema.json` in the package says what may stand there",
            where=tuple(error.absolute_path),
        )
        for error in found
    ]


def refuse_broken(kind: Kind, value: Any) -> None:
    """Raise `ContractBroken` for the first thing that is wrong."""
    for problem in broken(kind, value):
        raise problem


@cache
def _validator(kind: Kind) -> Validator:
    from jsonschema import Draft202012Validator  # 0.1 s, for DAG runs with agents only

    schema = json.loads((_FOLDER / f"{kind}.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema)


def _short(text: str) -> str:
    shown = text[:1].lower() + text[1:]
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
