"""Layer 3, part of `api`: whether this machine can do the work of Roles, and what to do where it cannot."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from ._api_agents import Serving, load_roles_of
from .engine.ledger.storage import StorageFacts, storage_facts
from .engine.project import find_project, state_dir, working_directory
from .engine.runtimes.client import Turn
from .engine.runtimes.client_check import has_module, is_older, version_of
from .engine.runtimes.clients.table import client_of
from .engine.runtimes.invocation import inherited
from .schemas.agent import CLIENTS, TIERS
from .schemas.errors import InputError, InputErrors

if TYPE_CHECKING:
    from .schemas.agent import Role, Tier

State = Literal["ready", "missing", "too old", "silent", "no model"]

_PATIENCE: Final = 90.0
"""Seconds that a client has to answer one word."""
_QUESTION: Final = "Answer with the one word: ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFound:
    """A client of agents as it is on this machine.

    `silent`: it does not say which version it is. `no model`: it is there, and no `budgets.yaml` names a
    model for it, without which it can do nothing. `path` and `version` are of a program; a part of this one
    has neither. `install` is the line to type to get it, or a newer one. `answer` is there when it was asked
    something: what came of it, and `answers` whether that was an answer.
    """

    runtime: str
    state: State
    program: str
    path: str | None
    version: str | None
    minimum: str
    install: str
    answers: bool | None = None
    answer: str = ""

    @property
    def serves(self) -> bool:
        """Whether work can be given to it."""
        return self.state in ("ready", "silent") and self.answers is not False


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleServed:
    """What would do the work of a Role where the graph says nothing, or the `problem` with that."""

    role: str
    runtime: str | None = None
    why: str = ""
    tier: Tier | None = None
    model: str | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What `me doctor` finds. `problems` is what is wrong with files that say who does what."""

    project: str
    clients: tuple[ClientFound, ...]
    roles: tuple[RoleServed, ...]
    storage: StorageFacts
    problems: tuple[InputError, ...] = ()

    @property
    def can_serve(self) -> bool:
        """Whether some client can do the work of Roles."""
        return any(client.serves for client in self.clients)


def examine_health(
    *, ask: bool = False, cwd: Path | None = None, environ: Mapping[str, str] | None = None
) -> Health:
    """Look at the clients, the Roles and the place of the Ledger. Writes nothing in the project.

    With `ask` every client that is there is asked for one word, which its provider counts.
    """
    variables = dict(os.environ if environ is None else environ)
    project = find_project(cwd or working_directory())
    serving = Serving(project, variables)
    clients = tuple(_client(name, serving, variables, ask=ask) for name in CLIENTS)
    roles = load_roles_of(project, variables)
    problems = [*serving.problems, *roles.problems]
    served = () if problems else tuple(_served(role, serving) for role in roles.all())
    return Health(
        project=str(project),
        clients=clients,
        roles=served,
        storage=storage_facts(state_dir(project)),
        problems=tuple(problems),
    )


def _served(role: Role, serving: Serving) -> RoleServed:
    try:
        found = serving.of(role)
    except InputErrors as problems:
        return RoleServed(role=role.name, problem=problems.errors[0].message)
    except InputError as problem:
        return RoleServed(role=role.name, problem=problem.message)
    return RoleServed(
        role=role.name, runtime=found.runtime, why=found.why, tier=found.tier, model=found.model
    )


def _client(name: str, serving: Serving, environ: Mapping[str, str], *, ask: bool) -> ClientFound:
    install = client_of(name).install
    is_part = install.module is not None
    path = None if is_part else serving.program_of(name)
    version = None if path is None else version_of(path, install, environ)
    model = serving.choices.some_model(name)
    known = client_of(name).models
    state: State = "ready"
    if install.module is not None:
        state = "missing" if not has_module(install.module) else "ready" if model else "no model"
    elif path is None:
        state = "missing"
    elif version is None:
        state = "silent"
    elif is_older(version, install.minimum):
        state = "too old"
    answers, answer = (None, "")
    if ask and state in ("ready", "silent"):
        # The smallest that is known; without any, the client's own choice.
        smallest = model or next((known[tier] for tier in reversed(TIERS) if tier in known), None)
        answers, answer = _asked(name, path or install.program, environ, model=smallest)
    return ClientFound(
        runtime=name,
        state=state,
        program="" if is_part else install.program,
        path=path,
        version=version,
        minimum=install.minimum,
        install=install.line,
        answers=answers,
        answer=answer,
    )


def _asked(name: str, path: str, environ: Mapping[str, str], *, model: str | None) -> tuple[bool, str]:
    """Ask the client for one word, in an empty folder; whether it answered, and what it said."""
    try:
        with tempfile.TemporaryDirectory(prefix="metaensemble-doctor-") as folder:
            return _asked_in(folder, name, path, environ, model=model)
    except OSError as error:
        return False, (error.strerror or str(error)).lower()


def _asked_in(
    folder: str, name: str, path: str, environ: Mapping[str, str], *, model: str | None
) -> tuple[bool, str]:
    client = client_of(name)
    turn = Turn(system="", prompt=_QUESTION, model=model, cwd=folder, folder=folder)
    launch = client.launch(turn, environ)
    for place, data in launch.files.items():
        Path(place).write_bytes(data)
    variables = {key: value for key, value in inherited(environ).items() if key not in launch.unset}
    try:
        done = subprocess.run(
            [path, *launch.argv[1:]],
            input=launch.stdin,
            cwd=folder,
            env={**variables, **launch.env},
            capture_output=True,
            check=False,
            timeout=_PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return False, f"no answer within {_PATIENCE:g} seconds"
    reader = client.reader(turn)
    for line in done.stdout.splitlines():
        reader.feed(line)
    status, signal = (done.returncode, None) if done.returncode >= 0 else (None, -done.returncode)
    end = reader.end(status=status, signal=signal, stderr=done.stderr.decode("utf-8", "replace")[-4000:])
    return end.outcome == "ok", end.text.strip() if end.outcome == "ok" else end.reason
