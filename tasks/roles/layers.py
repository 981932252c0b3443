"""The folders that Roles lie in, lowest layer first: this program's, the user's, the project's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from ...schemas.agent import Origin
from ...schemas.errors import InputError, RoleLinkedOut, RoleMisnamed, RoleTwice, SourceUnreadable
from .role_file import ENDING, RoleFile, read_role_file

FOLDER: Final = ".metaensemble/roles"
"""Where Roles lie below a home or a project's root."""
CORE: Final = Path(__file__).parent / "core"


@dataclass
class Layer:
    """One folder of Role files, `shown` as messages name it. Nothing is read before it is asked for.

    `trouble` is what is known to be wrong with the folder itself; it then has no files.
    """

    origin: Origin
    folder: str
    shown: str
    trouble: InputError | None = None
    _read: dict[str, RoleFile] = field(default_factory=dict)

    @cached_property
    def stems(self) -> list[str]:
        """The names of its files without their ending, sorted."""
        if self.trouble is not None:
            return []
        try:
            return role_stems(self.folder)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            self.trouble = SourceUnreadable(
                f"the folder `{self.shown}` cannot be read: {reason}",
                hint=f"`ls -ld {self.shown}` shows who may",
            )
            return []

    @property
    def problem(self) -> InputError | None:
        """What is wrong with the folder itself."""
        _ = self.stems  # looks into it
        return self.trouble

    @cached_property
    def files(self) -> list[RoleFile]:
        """Its files, by the names of the files. Of two that give one Role, the misnamed one says so."""
        found = [self._file(stem) for stem in self.stems]
        right = {one.stem: one for one in found if one.name == one.stem}
        return [_twice(one, right.get(one.name)) for one in found]

    def of(self, name: str) -> list[RoleFile]:
        """The files that speak of the Role `name`, by what they hold or by how they are called."""
        if self.origin == "core":  # a test holds that these are called what they are
            return [self._file(name)] if name in self.stems else []
        return [one for one in self.files if name in (one.name, one.stem)]

    def names(self) -> Iterator[str]:
        """The names of the Roles that it has files for."""
        return iter(self.stems) if self.origin == "core" else (one.name for one in self.files)

    def _file(self, stem: str) -> RoleFile:
        if stem not in self._read:
            path = os.path.join(self.folder, stem + ENDING)
            shown = f"{self.shown}/{stem}{ENDING}"
            self._read[stem] = read_role_file(path, shown, self.origin, within=self.folder)
        return self._read[stem]


def role_stems(folder: str) -> list[str]:
    """The names of the Role files in a folder without their ending, sorted; a README is none, nor is a
    hidden file. Raises `OSError`."""
    stems = [name.removesuffix(ENDING) for name in sorted(os.listdir(folder)) if name.endswith(ENDING)]
    return [stem for stem in stems if not stem.startswith(".") and stem.casefold() != "readme"]


def layers_of(project: Path, home: Path | None) -> list[Layer]:
    """The layers of a project. Where the home is the project, its folder is the user's layer only."""
    found = [Layer("core", str(CORE), str(CORE))]
    own = os.path.join(str(project), FOLDER)
    users = os.path.join(str(home), FOLDER) if home is not None else None
    if users is not None:
        found.append(Layer("user", users, f"~/{FOLDER}"))
    if users is None or os.path.realpath(users) != os.path.realpath(own):
        found.append(Layer("project", own, FOLDER, _led_out(own, str(project))))
    return found


def _led_out(folder: str, project: str) -> InputError | None:
    real, root = os.path.realpath(folder), os.path.realpath(project)
    if real.startswith(root.rstrip(os.sep) + os.sep):
        return None
    return RoleLinkedOut(
        f"the folder `{FOLDER}` leads out of the project",
        hint="put the files themselves there: agents are given them word by word",
    )


def _twice(one: RoleFile, other: RoleFile | None) -> RoleFile:
    """`one`, with its problem when the file `other` gives the same Role."""
    if other is None or one is other:
        return one
    kept = [error for error in one.problems if not isinstance(error, RoleMisnamed)]
    problem = RoleTwice(
        f"the Role `{one.name}` is given twice: by `{other.stem}{ENDING}` and by `{one.stem}{ENDING}`",
        hint="keep one of the two files, or give one another `name`",
        span=one.document.span(("name",)) if one.document is not None else None,
    )
    return replace(one, problems=(*kept, problem))
