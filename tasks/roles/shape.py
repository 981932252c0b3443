"""Errors in the shape of frontmatter, and of the list of archived Roles, in words of their own keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from pydantic import BaseModel

from ...schemas.errors import InputError, MissingKey, UnknownKey
from ...schemas.role import Onboarding, RoleFrontmatter
from ...schemas.span import Path
from ...schemas.suggest import did_you_mean, in_backticks
from ..document import Document
from ..shape_errors import shape_errors

_MODELS: Final[dict[Path, type[BaseModel]]] = {(): RoleFrontmatter, ("onboarding",): Onboarding}
_OTHER_NAMES: Final = {
    **dict.fromkeys(("model", "tier", "models"), "model_tier"),
    **dict.fromkeys(("tools", "allowed-tools", "allowedtools"), "allowed_tools"),
    **dict.fromkeys(("summary", "title", "purpose"), "description"),
    **dict.fromkeys(("prefix", "alias"), "alias_prefix"),
    **dict.fromkeys(("style", "styles", "output_style"), "output_styles"),
    **dict.fromkeys(("id", "role"), "name"),
    "colour": "color",
}


def frontmatter_errors(document: Document, details: Iterable[dict[str, Any]]) -> list[InputError]:
    """Our errors for pydantic's about the frontmatter in `document`."""
    return keyed_errors(document, details, known_keys, _OTHER_NAMES, "the frontmatter")


def known_keys(place: Path) -> tuple[str, ...]:
    """The keys that the frontmatter may have at `place`; none where there is no map."""
    model = _MODELS.get(place)
    return tuple(model.model_fields) if model is not None else ()


def keyed_errors(
    document: Document,
    details: Iterable[dict[str, Any]],
    known: Any,
    other_names: dict[str, str],
    whole: str,
) -> list[InputError]:
    """As `shape_errors`, with keys that are unknown or missing told by the keys that `known` gives for a
    place, and by what other programs call them. `whole` is what the document is called."""
    found: list[InputError] = []
    listed = list(details)
    unknown = {tuple(one["loc"]) for one in listed if one["type"] == "extra_forbidden"}
    for one in listed:
        place: Path = tuple(one["loc"])
        if one["type"] == "extra_forbidden":
            hint = _hint(str(place[-1]), known(place[:-1]), other_names)
            error: InputError = UnknownKey(
                f"unknown key `{place[-1]}` in {_at(place[:-1], whole)}", hint=hint
            )
            error.span, error.where = document.span(place, "key"), place
        elif one["type"] == "missing":
            beside = [str(path[-1]) for path in unknown if path[:-1] == place[:-1]]
            if any(_meant(key, known(place[:-1]), other_names) == place[-1] for key in beside):
                continue  # it is there under a wrong name, whose own error says so
            error = MissingKey(
                f"{_at(place[:-1], whole)} needs the key `{place[-1]}`", hint=f"add `{place[-1]}: …`"
            )
            error.span, error.where = document.span(place[:-1], "key"), place[:-1]
        else:
            found += shape_errors(document, [one])
            continue
        found.append(error)
    return found


def _at(place: Path, whole: str) -> str:
    return f"`{place[-1]}`" if place else whole


def _meant(key: str, known: Sequence[str], other_names: dict[str, str]) -> str | None:
    plain = key.casefold().replace("-", "_")
    other = other_names.get(plain) or other_names.get(key.casefold())
    if other in known:
        return other
    hint = did_you_mean(key, known)
    return next((name for name in known if hint == f"did you mean `{name}`?"), None)


def _hint(key: str, known: Sequence[str], other_names: dict[str, str]) -> str:
    meant = _meant(key, known, other_names)
    if meant is not None:
        return f"did you mean `{meant}`?"
    return f"the keys here are {in_backticks(known, last='and', limit=len(known))}" if known else "drop it"
