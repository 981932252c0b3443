"""What the name of a pattern stands for: an entry under `patterns`, a file of the project's, or neither."""

from __future__ import annotations

import os.path
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..schemas.errors import InputError
from ..schemas.errors.patterns import BuiltInShadowed, EndlessTemplate, TemplateUnusable
from ..schemas.pattern_ref import BUILT_IN, GraphFile, pattern_name, pattern_settings
from ..schemas.span import Path
from .loader import LoadedGraph
from .preset_files import preset_file, preset_names

if TYPE_CHECKING:
    from .binding import _Binding
    from .sub_graphs import Sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """An entry that gives a pattern settings. `binding` has the values that it may use; None in a file of
    the project's, which sees nothing."""

    name: str
    loaded: LoadedGraph
    binding: _Binding | None = None

    @property
    def of(self) -> Any:
        """The pattern with its settings, as it is written."""
        return self.loaded.graph.patterns[self.name]

    @property
    def path(self) -> Path:
        """Where the entry stands."""
        return ("patterns", self.name)

    @property
    def where(self) -> Path:
        """Where its settings stand."""
        return self.path if isinstance(self.of, str) else (*self.path, pattern_name(self.of))


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphOf:
    """An entry that names the file of a pattern that is written as a graph; `shown` is its path for
    people."""

    path: str
    shown: str


Entry = Preset | GraphOf


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a name stands for: the presets on the way, the nearest first, and in the end a graph, or a
    pattern of this program's or of another package's."""

    name: str
    presets: tuple[Preset, ...] = ()
    graph: GraphOf | None = None


class NoMeaning(Exception):
    """A name stands for nothing that can be used. `errors` have their places where these are in other
    files than the one with the name."""

    def __init__(self, *errors: InputError) -> None:
        super().__init__()
        self.errors = errors


@dataclass(frozen=True, slots=True)
class InGraph:
    """The entries under `patterns` of a graph file."""

    binding: _Binding

    def entry(self, name: str) -> Entry | None:
        """What the graph calls so, if anything."""
        found = self.binding.loaded.graph.patterns.get(name)
        if found is None:
            return None
        if not isinstance(found, GraphFile):
            return Preset(name=name, loaded=self.binding.loaded, binding=self.binding)
        path = os.path.abspath(os.path.join(os.path.dirname(self.binding.source), found.graph))
        return GraphOf(path=path, shown=beside(self.binding.loaded.file, found.graph))

    def names(self) -> list[str]:
        """All entries."""
        return list(self.binding.loaded.graph.patterns)


@dataclass(frozen=True, slots=True)
class InProject:
    """The files in the folder of the project's patterns. `shown_from` is the graph file as people name
    it, and `source` its absolute path."""

    sources: Sources
    project: str
    shown_from: str
    source: str

    def entry(self, name: str) -> Entry | None:
        """What the project calls so, if anything. Raises `NoMeaning` for a file that cannot be used."""
        path = preset_file(self.project, name)
        if path is None:
            return None
        shown = beside(self.shown_from, os.path.relpath(path, os.path.dirname(self.source)))
        loaded, problems = self.sources.preset(path, shown, name)
        if problems:
            raise NoMeaning(*(_readable(error, name, shown) for error in problems))
        if loaded is None:
            if name in BUILT_IN:
                raise NoMeaning(shadowed(name, f"the project's file `{shown}`", in_file=True))
            return GraphOf(path=path, shown=shown)
        if name in BUILT_IN and pattern_name(loaded.graph.patterns[name]) != name:
            raise NoMeaning(shadowed(name, f"the project's file `{shown}`", in_file=True))
        return Preset(name=name, loaded=loaded)

    def names(self) -> list[str]:
        """All files, by their names without endings."""
        return preset_names(self.project)


Layer = InGraph | InProject


def shadowed(name: str, what: str, *, in_file: bool = False) -> InputError:
    """The error for an entry that gives the name of a built-in pattern to something else; `in_file`: the
    entry is a file of its own."""
    form = f"{name}: {{…}}" if in_file else f"{name}: {{{name}: {{…}}}}"
    return BuiltInShadowed(
        f"{what} gives the name of the built-in pattern `{name}` to another one",
        hint=f"choose another name; only other defaults may have this one: `{form}`",
    )


def meaning(name: str, layers: Sequence[Layer]) -> Meaning:
    """What `name` stands for, looked up in `layers` from the nearest outwards. Raises `NoMeaning`.

    A preset sees the names of its own layer and of those further out; one that names itself means
    whatever has that name further out, in the end the pattern of this program.
    """
    presets: list[Preset] = []
    seen: list[tuple[int, str]] = []
    at = 0
    while True:
        found: Entry | None = None
        for index in range(at, len(layers)):
            found = layers[index].entry(name)
            if found is not None:
                at = index
                break
        if found is None:
            return Meaning(name=name, presets=tuple(presets))
        if isinstance(found, GraphOf):
            return Meaning(name=name, presets=tuple(presets), graph=found)
        if (at, name) in seen:
            names = [one for _, one in seen[seen.index((at, name)) :]]
            message = f"the pattern `{name}` is made of itself: {' -> '.join([*names, name])}"
            raise NoMeaning(EndlessTemplate(message, hint="one of them must name another pattern"))
        seen.append((at, name))
        presets.append(found)
        inner = pattern_name(found.of)
        at, name = (at + 1, inner) if inner == name else (at, inner)


def names_reviewers(layers: Sequence[Layer]) -> Meaning | None:
    """What `peer_review` stands for where it names reviewers by itself; None where it does not."""
    found = meaning("peer_review", layers)
    named = any("reviewers" in pattern_settings(preset.of) for preset in found.presets)
    return found if named else None


def known_names(layers: Sequence[Layer]) -> tuple[str, ...]:
    """All names that the layers give to patterns."""
    return tuple(dict.fromkeys(name for layer in layers for name in layer.names()))


def beside(file: str, name: str) -> str:
    """The path `name`, which is relative to `file`."""
    return os.path.normpath(os.path.join(os.path.dirname(file), name))


def _readable(error: InputError, name: str, shown: str) -> InputError:
    if error.span is not None:
        return error
    message = f"the file `{shown}` of the pattern `{name}` cannot be used: {error.message}"
    return TemplateUnusable(message, hint=error.hint)
