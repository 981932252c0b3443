"""The Roles of a project: three layers, of which a later one changes what an earlier one says."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ...schemas.agent import Role
from ...schemas.errors import InactiveRole, InputError, InputErrors, UnknownRole
from ...schemas.suggest import did_you_mean, in_backticks
from .active import read_archived
from .layers import Layer, layers_of
from .merge import merged
from .role_file import RoleFile, read_role_file


def load_roles(project: Path, *, home: Path | None) -> Roles:
    """The Roles that can be named in `project`, whose user lives in `home` (None: no layer of the user's).

    Never raises for what a file holds: that is told when its Role is asked for.
    """
    archived, problems = read_archived(project)
    return Roles(project, layers_of(project, home), archived, problems)


class Roles:
    """What `load_roles` found.

    `archived` are the names of the archived Roles; `problems` is what is wrong with the list of them or
    with a whole layer. While there are some no Role can be had, because it could be another one than the
    files say.
    """

    def __init__(
        self,
        project: Path,
        layers: Sequence[Layer],
        archived: Sequence[str],
        problems: Sequence[InputError] = (),
    ) -> None:
        self._project = project
        self.layers = tuple(layers)
        self.archived = tuple(archived)
        self._problems = tuple(problems)
        self._made: dict[str, tuple[Role | None, list[InputError]]] = {}

    @property
    def problems(self) -> list[InputError]:
        """What is wrong with the list of archived Roles and with the layers' folders."""
        return [*self._problems, *(one.problem for one in self.layers if one.problem is not None)]

    def find(self, name: str) -> Role:
        """The Role `name`, for an Executor: files to read first that the project does not have are left out.

        Raises `UnknownRole`, `InactiveRole` when the project has archived it, or what is wrong with its
        files: one error as it is, several as `InputErrors`.
        """
        if self.problems:
            raise _as_one(self.problems)
        if name in self.archived and self.files_of(name):
            raise InactiveRole(
                f"the Role `{name}` is archived in this project",
                hint=f"`me roles restore {name}` brings it back",
                role=name,
            )
        role, problems = self.look_up(name)
        if role is None:
            raise _as_one(problems)
        return _with_files_of(self._project, role)

    def look_up(self, name: str) -> tuple[Role | None, list[InputError]]:
        """The Role `name`, archived or not, or what is wrong with it; `UnknownRole` where there is none."""
        if name not in self._made:
            files = self.files_of(name)
            self._made[name] = merged(files) if files else (None, [self._unknown(name)])
        return self._made[name]

    def files_of(self, name: str) -> list[RoleFile]:
        """The files that make the Role `name`, lowest layer first."""
        return [one for layer in self.layers for one in layer.of(name)]

    def files_with(self, path: Path) -> tuple[str, list[RoleFile]]:
        """The Role that the file at `path` speaks of, and the files that make it together with that one.

        A file of one of the layers stays where it is; any other takes the place of the project's own.
        """
        real = os.path.realpath(path)
        for layer in self.layers:
            for one in layer.files if os.path.dirname(real) == os.path.realpath(layer.folder) else ():
                if os.path.realpath(one.path) == real:
                    return one.name, self.files_of(one.name)
        stray = read_role_file(str(path), str(path), "project", within=None)
        below = [one for one in self.files_of(stray.name) if one.layer != "project"]
        return stray.name, [*below, stray]

    def every(self) -> list[str]:
        """The names of all Roles that there are files for, archived and broken ones too, sorted."""
        return sorted({name for layer in self.layers for name in layer.names()})

    def names(self) -> list[str]:
        """The names of the Roles that are not archived, sorted; some may have errors."""
        return [name for name in self.every() if name not in self.archived]

    def all(self) -> list[Role]:
        """The Roles that can be used, by name: those without errors that are not archived."""
        return list(self._usable()) if not self.problems else []

    def _usable(self) -> Iterator[Role]:
        for name in self.names():
            role, _ = self.look_up(name)
            if role is not None:
                yield _with_files_of(self._project, role)

    def _unknown(self, name: str) -> UnknownRole:
        known = self.names()
        near = did_you_mean(name, known)
        listed = f"there are {in_backticks(known, last='and', limit=30)}"
        return UnknownRole(
            f"there is no Role `{name}`", hint=f"{near} {listed}" if near else listed, role=name, known=known
        )


def _with_files_of(project: Path, role: Role) -> Role:
    """The Role as it is told to Executors in `project`, whose onboarding names no file that is not there."""
    named = role.onboarding.get("read_first")
    if named is None:
        return role
    root = os.path.realpath(project)
    real = {path: os.path.realpath(os.path.join(root, path)) for path in named}
    there = [path for path in named if _is_file_below(root, real[path])]
    kept = {key: value for key, value in role.onboarding.items() if key != "read_first"}
    return replace(role, onboarding={"read_first": there, **kept} if there else kept)


def _is_file_below(root: str, path: str) -> bool:
    return path.startswith(root.rstrip(os.sep) + os.sep) and os.path.isfile(path)  # noqa: PTH113


def _as_one(problems: Sequence[InputError]) -> InputError:
    return problems[0] if len(problems) == 1 else InputErrors(problems)
