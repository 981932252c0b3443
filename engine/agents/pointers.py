"""Whether what a Manifest points to is there: files, lines, and nothing outside the project."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ...schemas.errors.contracts import (
    ContractError,
    PointerMissing,
    PointerNotAFile,
    PointerOutside,
    PointerPastEnd,
)
from ...schemas.span import Path as Place
from ...schemas.suggest import closest, in_backticks
from ...schemas.walked_path import is_below, leads_out, walked
from .line_ranges import bounds

MEMORY_FILES: Final = ("CLAUDE.md", ".claude/CLAUDE.md", "CLAUDE.local.md")
"""Where a project keeps what its agents are to know, relative to its root."""

MEMORY: Final = "memory"
"""The role of a pointer to such a file."""

_CHUNK: Final = 1 << 20


def check_pointers(manifest: Mapping[str, Any], project: Path) -> list[ContractError]:
    """What is wrong with the files that a Manifest names, each with its place in the document.

    A file under `context.files` must be there, be an ordinary file and have the lines; so must the file of
    a schema, while a deliverable may be yet to come. All must lie inside the project, also once links are
    followed.
    """
    root = os.path.realpath(project)
    found: list[ContractError] = []
    context = manifest.get("context") or {}
    for index, pointer in enumerate(context.get("files") or ()):
        place: Place = ("context", "files", index)
        found += _wrong(pointer["path"], bounds(pointer.get("lines")), root, place)
    for index, promised in enumerate(manifest.get("expected_deliverables") or ()):
        place = ("expected_deliverables", index)
        if _leads_out(promised["path"], root):
            found.append(_outside(promised["path"], (*place, "path")))
        schema = promised.get("schema")
        if isinstance(schema, str):
            found += _wrong(schema, None, root, place, "schema")
    return found


def wrong_pointer(path: str, lines: tuple[int, int] | None, project: Path) -> list[ContractError]:
    """What is wrong with a pointer to a file, or to lines of it, as things are now; each error's place is
    within the pointer."""
    return list(_wrong(path, lines, os.path.realpath(project), ()))


def within_project(path: str, project: str) -> str:
    """A path as a Manifest names it: relative to the project where it lies in there, else as it stands.

    So a Manifest holds wherever the project is copied to, and in a worktree, which has the file as well.
    """
    if "\0" in path or not os.path.isabs(path):
        return path
    full = walked(path)
    for root in (os.path.normpath(project), os.path.realpath(project)):
        if full != root and is_below(full, root):
            return os.path.relpath(full, root)
    return path


def memory_pointers(project: Path, known: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Pointers to the project's memory files, `known` ones or those of the usual names, as far as they are
    there and inside the project. They are pointed to, and never pasted."""
    root = os.path.realpath(project)
    names = MEMORY_FILES if known is None else known
    return [
        {"path": name, "role": MEMORY}
        for name in names
        if not _leads_out(name, root) and os.path.isfile(os.path.join(root, name))  # noqa: PTH113
    ]


def _wrong(
    path: str, lines: tuple[int, int] | None, root: str, place: Place, key: str = "path"
) -> Iterator[ContractError]:
    where = (*place, key)
    if _leads_out(path, root):
        yield _outside(path, where)
        return
    full = os.path.join(root, path)
    try:
        # A named pipe must not be waited for.
        descriptor = os.open(full, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        yield PointerMissing(f"there is no file `{path}`", hint=_beside(path, root), where=where)
        return
    except NotADirectoryError:
        yield PointerMissing(
            f"there is no file `{path}`: a part of the way is a file", hint=_beside(path, root), where=where
        )
        return
    except (OSError, ValueError) as error:
        said = (error.strerror if isinstance(error, OSError) else None) or str(error)
        yield PointerNotAFile(f"`{path}` cannot be read: {said[:1].lower()}{said[1:]}", where=where)
        return
    try:
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(kind):
            hint = _inside(full) or "name a file"
            yield PointerNotAFile(f"`{path}` is a directory, not a file", hint=hint, where=where)
        elif not stat.S_ISREG(kind):
            yield PointerNotAFile(f"`{path}` is not an ordinary file", where=where)
        elif lines is not None:
            yield from _wrong_lines(path, lines, _count_lines(descriptor), (*place, "lines"))
    finally:
        os.close(descriptor)


def _wrong_lines(path: str, lines: tuple[int, int], count: int, where: Place) -> Iterator[PointerPastEnd]:
    first, last = lines
    if last <= count:
        return
    asked = f"line {first} is" if first == last else f"lines {first} to {last} are"
    there = "is empty" if not count else f"has {count} line{'' if count == 1 else 's'}"
    if not count:
        hint = "leave `lines` out"
    elif first <= count:
        hint = f"write `{first}..{count}`, or leave `lines` out for the whole file"
    else:
        hint = f"its last line is {count}; leave `lines` out for the whole file"
    yield PointerPastEnd(f"`{path}` {there}, and {asked} pointed to", hint=hint, where=where, lines=count)


def _leads_out(path: str, root: str) -> bool:
    return "\0" not in path and leads_out(path, root)


def _outside(path: str, where: Place) -> PointerOutside:
    return PointerOutside(
        f"`{path}` leads out of the project",
        hint="name a file inside it by its path from the project's root",
        where=where,
    )


def _beside(path: str, root: str) -> str:
    """What there is instead of the file `path`: a name like it, or what lies in its directory."""
    folder, name = os.path.split(path)
    while folder and (leads_out(folder, root) or not os.path.isdir(os.path.join(root, folder))):  # noqa: PTH112
        folder, name = os.path.split(folder)
    names = _names(os.path.join(root, folder))
    near = closest(name, names)
    if near not in (None, name):
        return f"did you mean `{os.path.join(folder, near)}`?"
    shown = f"`{folder}`" if folder else "the project"
    return f"{shown} has {in_backticks(names, last='and')}" if names else f"{shown} is empty"


def _inside(folder: str) -> str:
    names = _names(folder)
    return f"it has {in_backticks(names, last='and')}" if names else ""


def _names(folder: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError:
        return []


def _count_lines(descriptor: int) -> int:
    """Lines as editors count them: a last one without a newline counts."""
    count, last = 0, b"\n"
    while chunk := os.read(descriptor, _CHUNK):
        count += chunk.count(b"\n")
        last = chunk[-1:]
    return count + (last != b"\n")
