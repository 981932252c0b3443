"""Graph files for tests of loading, checking and binding, from short texts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

from metaensemble.schemas.bound import BoundGraph
from metaensemble.schemas.errors import InputError, InputErrors
from metaensemble.tasks import LoadedGraph, bind, check_loaded, load_problems

HEAD = "version: 1\nname: test\n"


def written(folder: Path, text: str, name: str = "graph.yaml") -> Path:
    """The file with `text`, which may be indented; version and name are put in front."""
    path = folder / name
    path.write_text(HEAD + dedent(text).lstrip("\n"))
    return path


def loaded(folder: Path, text: str) -> LoadedGraph:
    """The graph of `text`, whose shape must be good."""
    graph, problems = load_problems(written(folder, text))
    assert graph is not None
    assert problems == []
    return graph


def problems(folder: Path, text: str) -> list[InputError]:
    """What `check_loaded` says about `text`."""
    return check_loaded(loaded(folder, text))


def bound(
    folder: Path,
    text: str,
    params: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
) -> BoundGraph:
    """The graph of `text` bound in `folder`, which is project and shell directory at once."""
    return bind(loaded(folder, text), params or {}, project=folder, cwd=folder, environ=environ or {})


def bind_problems(folder: Path, text: str, params: Mapping[str, object] | None = None) -> list[InputError]:
    """What `bind` complains about; it must complain."""
    try:
        bound(folder, text, params)
    except InputErrors as caught:
        return list(caught.errors)
    raise AssertionError("nothing is wrong")


def underlined(error: InputError) -> str:
    """The piece of the file that an error points at."""
    assert error.span is not None
    start = error.span.column - 1
    return error.span.text[start : start + error.span.length]
