"""The error tree as it is, drawn like the one in the docstring of `schemas.errors`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from metaensemble.schemas import errors
from metaensemble.schemas.errors import MetaEnsembleError

_ALL = re.compile(r"^__all__ = \[\n.*?^\]\n", re.MULTILINE | re.DOTALL)
_TREE = re.compile(r"^```\n.*?^```\n", re.MULTILINE | re.DOTALL)


def drawn_tree() -> str:
    """One line per class: its name, then its code, or the exit code that those below it share."""
    lines = [("MetaEnsembleError", ""), *_below(MetaEnsembleError, "")]
    width = max(len(name) for name, _ in lines) + 2
    return "".join(f"{name:<{width}}{fact}".rstrip() + "\n" for name, fact in lines)


def _below(parent: type[MetaEnsembleError], prefix: str) -> Iterator[tuple[str, str]]:
    # Classes that a test defines are no part of the product.
    kinds = [kind for kind in parent.__subclasses__() if kind.__module__.startswith("metaensemble.schemas.")]
    kinds.sort(key=lambda kind: (kind.__dict__.get("code", ""), kind.exit_code, kind.__name__))
    for kind in kinds:
        is_last = kind is kinds[-1]
        code = kind.__dict__.get("code", "")
        yield f"{prefix}{'`-- ' if is_last else '|-- '}{kind.__name__}", code or f"exit code {kind.exit_code}"
        yield from _below(kind, prefix + ("    " if is_last else "|   "))


def exported() -> list[str]:
    """The names that `schemas.errors` offers, sorted: the classes of the tree, and `CODES`."""
    classes = [
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, MetaEnsembleError)
    ]
    return sorted([*classes, "CODES"], key=lambda name: (not name.isupper(), name))


def up_to_date(text: str) -> str:
    """The source text of `schemas.errors` with its tree drawn and its `__all__` listed anew."""
    block = f"```\n{drawn_tree()}```\n"
    names = "".join(f'    "{name}",\n' for name in exported())
    text = _TREE.sub(lambda _: block, text, count=1)
    return _ALL.sub(lambda _: f"__all__ = [\n{names}]\n", text, count=1)
