"""Layer 3, part of `api`: the Roles of a project, what is wrong with them, and which are put away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from ._api_read import open_if_there, project_of
from .engine.ledger import people_queries
from .engine.ledger.ledger import MAX_PAGE, wall_clock_ms
from .schemas.agent import Origin, Role
from .schemas.errors import InputError, InputErrors, RoleVersionFell, RoleVersionKept, UnknownRole
from .schemas.semver import precedence
from .schemas.suggest import did_you_mean, in_backticks
from .tasks.roles import Roles, load_roles
from .tasks.roles.layers import role_stems
from .tasks.roles.merge import merged
from .tasks.roles.role_file import ENDING, RoleFile

if TYPE_CHECKING:
    from .engine.ledger.ledger import Ledger
    from .engine.ledger.people_rows import RoleRow

SUNSET_DAYS: Final = 60
"""A Role that was worked with, and then for so long not, is offered for archiving."""
DAY_MS: Final = 86_400_000

Status = Literal["active", "archived", "broken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSummary:
    """One line of `me roles list`.

    `layers` are those that have a file for it, lowest first; `used_ms` is when it was worked with last, in
    Unix milliseconds. `unused_days` is there when it is offered for archiving. A `broken` Role has only its
    name, its layers, and the first thing that is wrong with it.
    """

    name: str
    status: Status
    layers: tuple[Origin, ...]
    version: str | None = None
    tier: str | None = None
    description: str = ""
    used_ms: int | None = None
    unused_days: int | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RolePage:
    """All that a Role says, the files that say it, lowest layer first, and when it was worked with last."""

    role: Role
    status: Status
    files: tuple[str, ...]
    used_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleCheck:
    """What a check found about one Role, or about the list of archived Roles, which has no `name`.

    `warnings` are no hindrance.
    """

    name: str | None
    files: tuple[str, ...]
    version: str | None = None
    errors: tuple[InputError, ...] = ()
    warnings: tuple[InputError, ...] = ()


def home_dir() -> Path | None:
    """The home of whoever is at work here, `$HOME` where it is set; None where there is none."""
    try:
        return Path.home()
    except (RuntimeError, OSError):
        return None


def roles_of(cwd: Path | None = None) -> Roles:
    """The Roles of the project that `cwd` lies in, with those of the user at work."""
    return load_roles(project_of(cwd), home=home_dir())


def list_roles(*, cwd: Path | None = None, now_ms: int | None = None) -> list[RoleSummary]:
    """All Roles that can be named in the project, archived and broken ones too, by name.

    Raises what is wrong with the list of archived Roles, or with a layer's folder.
    """
    roles = roles_of(cwd)
    _raise(roles.problems)
    now = wall_clock_ms() if now_ms is None else now_ms
    ledger = open_if_there(cwd)
    if ledger is None:
        return [_summary(roles, name, None, now) for name in roles.every()]
    with ledger:
        return [
            _summary(roles, name, people_queries.last_use_of_role(ledger, name), now)
            for name in roles.every()
        ]


def _summary(roles: Roles, name: str, used: int | None, now: int) -> RoleSummary:
    role, problems = roles.look_up(name)
    layers = tuple(dict.fromkeys(one.layer for one in roles.files_of(name)))
    archived = name in roles.archived
    if role is None:
        status: Status = "archived" if archived else "broken"
        return RoleSummary(name=name, status=status, layers=layers, used_ms=used, problem=problems[0].message)
    days = None if used is None else (now - used) // DAY_MS
    offered = days is not None and days >= SUNSET_DAYS and not archived
    return RoleSummary(
        name=name,
        status="archived" if archived else "active",
        layers=layers,
        version=role.version,
        tier=role.tier,
        description=role.description,
        used_ms=used,
        unused_days=days if offered else None,
    )


def show_role(name: str, *, cwd: Path | None = None) -> RolePage:
    """What the Role is, archived or not. Raises `UnknownRole`, or what is wrong with its files."""
    roles = roles_of(cwd)
    _raise(roles.problems)
    role, problems = roles.look_up(name)
    if role is None:
        raise _one(problems)
    used = None
    ledger = open_if_there(cwd)
    if ledger is not None:
        with ledger:
            used = people_queries.last_use_of_role(ledger, name)
    return RolePage(
        role=role,
        status="archived" if name in roles.archived else "active",
        files=_shown(roles.files_of(name)),
        used_ms=used,
    )


def check_roles(paths: Sequence[Path] = (), *, cwd: Path | None = None) -> list[RoleCheck]:
    """Everything that is wrong with the Role files at `paths`; without any, with all Roles of the project.

    A folder stands for the Role files in it. A file that lies elsewhere is checked as if it lay in the
    project's folder: it may change a Role of the layers below. Versions are held to those that the Ledger
    has seen. Nothing is written.
    """
    roles = roles_of(cwd)
    noted = _noted(cwd)
    if paths:
        picked = [roles.files_with(path) for path in _each(paths)]
        return [_check(roles, name, files, noted.get(name, [])) for name, files in picked]
    found = [_check(roles, name, roles.files_of(name), noted.get(name, [])) for name in roles.every()]
    stale = [_stale(roles, name) for name in roles.archived if not roles.files_of(name)]
    whole = (*roles.problems, *stale)
    return [RoleCheck(name=None, files=(), errors=whole), *found] if whole else found


def _each(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from (path / f"{stem}{ENDING}" for stem in role_stems(str(path)))
        else:
            yield path


def _check(roles: Roles, name: str, files: Sequence[RoleFile], noted: list[RoleRow]) -> RoleCheck:
    role, problems = merged(files)
    if role is None:
        return RoleCheck(name=name, files=_shown(files), errors=tuple(problems))
    fell, kept = _compared(role, noted, files)
    errors = (*_strangers(roles, role, files), *fell)
    return RoleCheck(
        name=name, files=_shown(files), version=role.version, errors=errors, warnings=tuple(kept)
    )


def _strangers(roles: Roles, role: Role, files: Sequence[RoleFile]) -> Iterator[InputError]:
    """Roles that the onboarding names and that there are not."""
    known = roles.every()
    other = role.onboarding
    named: list[tuple[tuple[str | int, ...], str]] = [
        (("onboarding", "coordinate_with", at), name)
        for at, name in enumerate(other.get("coordinate_with", ()))
    ]
    if "mentor_role" in other:
        named.append((("onboarding", "mentor_role"), other["mentor_role"]))
    document = next((one.document for one in reversed(files) if "onboarding" in one.keys), None)
    for place, name in named:
        if name not in known:
            hint = did_you_mean(name, known) or f"there are {in_backticks(known, last='and', limit=30)}"
            span = document.span(place) if document is not None else None
            yield UnknownRole(f"there is no Role `{name}`", hint=hint, span=span, role=name, known=known)


def _compared(
    role: Role, noted: list[RoleRow], files: Sequence[RoleFile]
) -> tuple[list[InputError], list[InputError]]:
    """What the versions that were worked with say against this one: an error, or a warning."""
    newest = max(noted, key=lambda row: precedence(row.role_version), default=None)
    if newest is None:
        return [], []
    where = next((one for one in reversed(files) if "version" in one.keys), files[-1])
    span = where.document.span(("version",)) if where.document is not None else None
    if precedence(role.version) < precedence(newest.role_version):
        fell = RoleVersionFell(
            f"the Role `{role.name}` is at version {role.version}, and {newest.role_version} was worked with"
            " before",
            hint=f"give it a number above {newest.role_version}",
            span=span,
        )
        return [fell], []
    same = next((row for row in noted if row.role_version == role.version and row.digest is not None), None)
    if same is not None and same.digest != role.digest:
        kept = RoleVersionKept(
            f"the Role `{role.name}` says something else than it did when version {role.version} was worked"
            " with",
            hint="raise its version: the last number for better words, the first one when its Executors"
            " should be looked at",
            span=span,
        )
        return [], [kept]
    return [], []


def _noted(cwd: Path | None) -> dict[str, list[RoleRow]]:
    """The versions that were worked with, by Role."""
    found: dict[str, list[RoleRow]] = {}
    ledger = open_if_there(cwd)
    if ledger is None:
        return found
    with ledger:
        for row in _all_noted(ledger):
            found.setdefault(row.role_id, []).append(row)
    return found


def _all_noted(ledger: Ledger) -> Iterator[RoleRow]:
    after = ("", "")
    while page := people_queries.roles_by_name(ledger, after=after, limit=MAX_PAGE):
        yield from page
        after = (page[-1].role_id, page[-1].role_version)


def _stale(roles: Roles, name: str) -> InputError:
    return UnknownRole(
        f"the archived Role `{name}` has no file in any layer",
        hint=f"`me roles restore {name}` takes it off the list",
        role=name,
        known=roles.names(),
    )


def _shown(files: Sequence[RoleFile]) -> tuple[str, ...]:
    return tuple(one.shown for one in files)


def _raise(problems: Sequence[InputError]) -> None:
    if problems:
        raise _one(problems)


def _one(problems: Sequence[InputError]) -> InputError:
    return problems[0] if len(problems) == 1 else InputErrors(problems)
