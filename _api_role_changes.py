"""Layer 3, part of `api`: new Role files, and Roles that are put away or brought back."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from ._api_read import project_of, who
from ._api_roles import home_dir, roles_of
from .engine.ledger import people_queries
from .engine.ledger.database_errors import ledger_errors
from .engine.ledger.files import locked, make_private, open_private, write_all
from .engine.ledger.ledger import Ledger
from .engine.ledger.people_rows import RoleRow
from .engine.ledger.records import ROLE_ARCHIVED, ROLE_RESTORED, Record
from .engine.private_files import write_private
from .engine.project import state_dir
from .schemas.agent import Role
from .schemas.errors import BadName, CannotWriteFile, InputErrors, LedgerMissing, RoleExists, RoleLinkedOut
from .schemas.role import RoleName
from .tasks.roles import Roles
from .tasks.roles.active import FILE, archived_text
from .tasks.roles.layers import FOLDER
from .tasks.roles.role_file import ENDING
from .tasks.roles.skeleton import copied, skeleton

LOCK: Final = "roles.lock"
"""Who changes which Roles are archived holds the lock of this file, alone."""
WAIT_MS: Final = 5000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChange:
    """What became of putting a Role away, or bringing it back.

    `changed` is false when it was so already. `executors` is how many retired, or came back.
    """

    name: str
    changed: bool
    executors: int = 0


def new_role(name: str, *, user: bool = False, like: str | None = None, cwd: Path | None = None) -> Path:
    """Write a new Role file and return its path; in the project's folder, or with `user` in the user's.

    It has marks where something is to be filled in, and does not pass a check until they are gone. With
    `like` it says what that Role says. Raises `BadName`, `RoleExists`, and for `like` what `Roles.find` does.
    """
    _check_name(name)
    roles = roles_of(cwd)
    there = roles.files_of(name)
    if there and like != name:
        raise RoleExists(
            f"there is a Role `{name}`: `{there[-1].shown}`",
            hint=f"`--from {name}` begins with what it says, to change it; or choose another name",
            role=name,
        )
    if like is None:
        text = skeleton(name)
    else:
        roles.find(like)  # raises where it cannot be used
        model, _ = roles.look_up(like)
        assert model is not None
        text = copied(model, name)
    root = home_dir() if user else project_of(cwd)
    if root is None:
        raise CannotWriteFile("there is no home to write the Role into", hint="leave out `--user`")
    _refuse_link(roles, user=user)
    path = root / FOLDER / f"{name}{ENDING}"
    _write_new(path, text.encode(), name)
    return path


def _check_name(name: str) -> None:
    try:
        TypeAdapter(RoleName).validate_python(name)
    except ValidationError as error:
        context: dict[str, Any] = error.errors()[0]["ctx"]
        raise BadName(str(context["message"]), hint=context["hint"]) from None


def _refuse_link(roles: Roles, *, user: bool) -> None:
    """Raise for a project whose folder of Roles is a link to elsewhere: nothing is written there."""
    for layer in roles.layers:
        if not user and layer.origin == "project" and isinstance(layer.problem, RoleLinkedOut):
            raise layer.problem


def _write_new(path: Path, data: bytes, name: str) -> None:
    try:
        make_private(path.parent)
        descriptor = open_private(path, os.O_WRONLY | os.O_EXCL)
        try:
            write_all(descriptor, data)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
    except FileExistsError:
        raise RoleExists(
            f"there is a file `{path}` already", hint="edit it, or remove it first", role=name
        ) from None
    except OSError as error:
        raise _cannot(path, error) from error


def archive_role(name: str, *, cwd: Path | None = None) -> RoleChange:
    """Put a Role away in the project: nobody is given work in it, and its Executors retire.

    Legal for one that is broken. Raises `UnknownRole`, or what is wrong with the list of archived Roles.
    """
    project = project_of(cwd)
    with _changing(project):
        roles = roles_of(cwd)
        _raise_list(roles)
        role, problems = roles.look_up(name)
        if not roles.files_of(name):
            raise problems[0]
        listed = name in roles.archived
        if not listed:
            # The list first: whoever is interrupted here leaves a Role that nobody is given work in.
            _write(project, {*roles.archived, name})
        with Ledger.open(state_dir(project)) as ledger:
            if _is_archived(ledger, name):
                return RoleChange(name=name, changed=not listed)
            before = _retired(ledger, name)
            ledger.append([Record(ROLE_ARCHIVED, name, None, _payload(role, None))], durable=True)
            return RoleChange(name=name, changed=True, executors=_retired(ledger, name) - before)


def restore_role(name: str, *, cwd: Path | None = None) -> RoleChange:
    """Bring an archived Role back, and with it the Executors that retired when it was put away.

    Raises `UnknownRole` for a name that is neither archived nor a Role's.
    """
    project = project_of(cwd)
    with _changing(project):
        roles = roles_of(cwd)
        _raise_list(roles)
        listed = name in roles.archived
        role, problems = roles.look_up(name)
        if not listed and not roles.files_of(name):
            raise problems[0]
        came_back = _brought_back(project, name, role)
        if listed:
            # The list last, as when it is put away.
            _write(project, set(roles.archived) - {name})
        return RoleChange(name=name, changed=listed or came_back is not None, executors=came_back or 0)


def _brought_back(project: Path, name: str, role: Role | None) -> int | None:
    """How many Executors came back; None where the Ledger has not heard that the Role was put away."""
    try:
        ledger = Ledger.open(state_dir(project), create=False)
    except LedgerMissing as missing:
        if missing.facts["mirror"]:
            raise
        return None
    with ledger:
        if not _is_archived(ledger, name):
            return None
        before = _retired(ledger, name)
        payload = _payload(role, _newest(ledger, name))
        ledger.append([Record(ROLE_RESTORED, name, None, payload)], durable=True)
        return before - _retired(ledger, name)


def _payload(role: Role | None, noted: RoleRow | None) -> dict[str, Any]:
    """What the record says of the Role: what its files say, or where these are of no use, what was noted."""
    if role is None:
        return {"by": who(), **({"version": noted.role_version} if noted is not None else {})}
    return {
        "by": who(),
        "version": role.version,
        "name": role.name,
        "tier": role.tier,
        "alias_prefix": role.prefix,
        "origin": role.origin,
        "digest": role.digest,
    }


def _is_archived(ledger: Ledger, name: str) -> bool:
    newest = _newest(ledger, name)
    return newest is not None and newest.status == "archived"


def _newest(ledger: Ledger, name: str) -> RoleRow | None:
    """The version of the Role that the Ledger heard of last; archiving touches all of them alike."""
    rows = people_queries.versions_of_role(ledger, name)
    return max(rows, key=lambda row: row.seq, default=None)


def _retired(ledger: Ledger, name: str) -> int:
    return people_queries.count_executors_of_role(ledger, name).get("retired", 0)


@contextmanager
def _changing(project: Path) -> Iterator[None]:
    state = state_dir(project)
    with ledger_errors(state):
        make_private(state)
    with locked(state / LOCK, wait_ms=WAIT_MS, rng=random.random):
        yield


def _write(project: Path, names: set[str]) -> None:
    path = project / FILE
    try:
        write_private(path, archived_text(names).encode(), durable=True)
    except OSError as error:
        raise _cannot(path, error) from error


def _cannot(path: Path, error: OSError) -> CannotWriteFile:
    why = (error.strerror or str(error)).lower()
    return CannotWriteFile(f"`{path}` cannot be written: {why}")


def _raise_list(roles: Roles) -> None:
    if roles.problems:
        raise roles.problems[0] if len(roles.problems) == 1 else InputErrors(roles.problems)
