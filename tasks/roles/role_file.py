"""One Role file: its frontmatter with the place of every key, its body, and what is wrong with it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, Final

from pydantic import ValidationError

from ...schemas.agent import Origin
from ...schemas.errors import (
    InputError,
    NoFrontmatter,
    RoleLinkedOut,
    RoleMisnamed,
    RoleUnfinished,
    SourceEmpty,
    WrongType,
)
from ...schemas.role import RoleFrontmatter
from ..document import Document
from ..limits import MAXIMUM_PROBLEMS
from ..reader import by_place, read_problems
from ..source_file import Wanted, decode_source, read_source
from ..source_text import SourceText
from .shape import frontmatter_errors

ENDING: Final = ".md"
MAXIMUM_ROLE_BYTES: Final = 256 * 1024
"""The size of a Role file, some thirty times that of those that ship."""
MARK: Final = "FILL IN:"
"""What a skeleton has wherever somebody has to think."""

_WANTED = Wanted(
    what="a Role",
    word="the Role",
    limit=MAXIMUM_ROLE_BYTES,
    instead="name long documents under `onboarding: {read_first: […]}` instead of pasting them",
)
_FENCE = re.compile(r"---[ \t]*")
_BLANK_ENDS = re.compile(r"\A(?:[ \t]*\n)+|\s+\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleFile:
    """A file of one layer, `shown` as messages name it.

    `keys` are the frontmatter's, as far as they can be used; `body` is the Markdown below it, with line
    feeds and without blank lines around it; `digest` the SHA-256 of the file's bytes. Nothing of the three
    counts while there are `problems`.
    """

    path: str
    shown: str
    layer: Origin
    keys: dict[str, Any] = field(default_factory=dict)
    body: str = ""
    digest: str = ""
    document: Document | None = None
    problems: tuple[InputError, ...] = ()

    @property
    def stem(self) -> str:
        """The file's name without its ending."""
        return FilePath(self.path).name.removesuffix(ENDING)

    @property
    def name(self) -> str:
        """The name of the Role: what the frontmatter says, else that of the file."""
        return str(self.keys.get("name") or self.stem)


def read_role_file(path: str, shown: str, layer: Origin, *, within: str | None) -> RoleFile:
    """The Role file at `path`. Never raises for bad input: what is wrong is in its `problems`.

    `within` is the folder that the file must lie in once all links are followed; None lets it lie anywhere.
    """
    try:
        data = _bytes_of(path, shown, within)
        source = decode_source(data, shown)
        frontmatter, body = _split(source)
    except InputError as error:
        return RoleFile(path=path, shown=shown, layer=layer, problems=(error,))
    document, problems = _read(source, frontmatter)
    keys, wrong = _checked(document)
    problems += [*wrong, *_marks(source)]
    found = RoleFile(path=path, shown=shown, layer=layer, keys=keys)
    problems += _misnamed(found, document)
    return RoleFile(
        path=path,
        shown=shown,
        layer=layer,
        keys=keys,
        body=body,
        digest=hashlib.sha256(data).hexdigest(),
        document=document,
        problems=tuple(sorted(problems, key=by_place)),
    )


def _bytes_of(path: str, shown: str, within: str | None) -> bytes:
    if within is not None:
        real, home = os.path.realpath(path), os.path.realpath(within)
        if not real.startswith(home.rstrip(os.sep) + os.sep):
            raise RoleLinkedOut(
                f"`{shown}` is a link that leads out of its folder",
                hint="put the text itself there: agents are given it word by word",
            )
    return read_source(FilePath(path), _WANTED)


def _split(source: SourceText) -> tuple[str, str]:
    """The text up to the end of the frontmatter, which is YAML with its first `---`, and the body."""
    count = len(source.line_starts)
    if not _FENCE.fullmatch(source.line(0)):
        first = next((at for at in range(count) if source.line(at).strip()), 0)
        late = _FENCE.fullmatch(source.line(first)) is not None
        hint = "the line `---` must be the very first one, without anything before it"
        raise NoFrontmatter(
            f"`{source.file}` does not begin with a frontmatter" if source.text.strip() else
            f"`{source.file}` holds nothing",
            hint=hint if late else "begin with a line `---`, the keys of the Role, and another line `---`",
            span=source.span(source.line_starts[first], source.line_bounds(first)[1]),
        )  # fmt: skip
    for number in range(1, count):
        if _FENCE.fullmatch(source.line(number)):
            start, end = source.line_bounds(number)
            body = re.sub(r"\r\n?", "\n", source.text[end:])
            return source.text[:start], _BLANK_ENDS.sub("", body)
    raise NoFrontmatter(
        "the frontmatter that begins here does not end",
        hint="put a line `---` below its last key",
        span=source.span(0, 3),
    )


def _read(source: SourceText, frontmatter: str) -> tuple[Document | None, list[InputError]]:
    document, problems = read_problems(frontmatter, source.file)
    if any(isinstance(error, SourceEmpty) for error in problems):
        empty = NoFrontmatter(
            f"the frontmatter of `{source.file}` is empty",
            hint="give it `name: …` and what else is to be said",
        )
        empty.span = source.span(0, 3)
        return None, [empty]
    return document, problems


def _checked(document: Document | None) -> tuple[dict[str, Any], list[InputError]]:
    """The keys that hold by themselves, and what is wrong with the others.

    What is missing is no matter here, but for the name: another layer may give it.
    """
    if document is None:
        return {}, []
    value = document.value
    if not isinstance(value, dict):
        hint = "write `name: …` and the other keys below one another"
        wrong = WrongType("the frontmatter must be a map of keys", hint=hint)
        wrong.span = document.span(())
        return {}, [wrong]
    keys = {key: item for key, item in value.items() if not str(key).startswith("x-")}
    try:
        RoleFrontmatter.model_validate(value)
    except ValidationError as error:
        details: list[dict[str, Any]] = [dict(one) for one in error.errors(include_url=False)]
        broken = {one["loc"][0] for one in details if one["loc"]}
        told = [one for one in details if one["type"] != "missing" or one["loc"] == ("name",)]
        return {k: v for k, v in keys.items() if k not in broken}, frontmatter_errors(document, told)
    return keys, []


def _marks(source: SourceText) -> Iterator[InputError]:
    for found, _ in zip(re.finditer(re.escape(MARK), source.text), range(MAXIMUM_PROBLEMS), strict=False):
        line_end = source.line_bounds(source.line_number(found.start()))[1]
        yield RoleUnfinished(
            "this is still to be filled in",
            hint="write what it asks for in its place",
            span=source.span(found.start(), line_end),
        )


def _misnamed(found: RoleFile, document: Document | None) -> Iterator[InputError]:
    if document is not None and "name" in found.keys and found.name != found.stem:
        yield RoleMisnamed(
            f"the file `{found.stem}{ENDING}` holds the Role `{found.name}`",
            hint=f"rename the file to `{found.name}{ENDING}`, or write `name: {found.stem}`",
            span=document.span(("name",)),
        )
