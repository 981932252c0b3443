"""What can be known of a command before anything starts."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from ...schemas.bound import BoundTask
from ...schemas.errors import (
    ClashingInputs,
    InputError,
    MissingDirectory,
    MissingProgram,
    SecretNotSet,
    SecretTooShort,
)
from ...schemas.template import Literal, Template, as_text
from ..masking import MINIMUM_LENGTH
from .invocation import BRIEFS, SHELL, variable_name


def check_command(task: BoundTask, *, project: str, environ: Mapping[str, str]) -> list[InputError]:
    """Every problem that would make each attempt of `task` fail; what depends on other tasks is left."""
    return [
        *check_secrets(task, environ),
        *_check_inputs(task),
        *check_directory(task, project),
        *_check_program(task, project, environ),
    ]


def check_secrets(task: BoundTask, environ: Mapping[str, str]) -> Iterator[InputError]:
    """Secrets of `task` that are not there, or too short to be masked."""
    for position, name in enumerate(task.secrets):
        where = ("tasks", task.id, "secrets", position)
        value = environ.get(name)
        if not value:
            yield SecretNotSet(
                f"the secret `{name}` is not set in the environment",
                hint=f"set it for this command: {name}=… me dag run …",
                task=task.id,
                where=where,
            )
        elif len(value) < MINIMUM_LENGTH:
            yield SecretTooShort(
                f"the value of the secret `{name}` has {len(value)} characters; at least "
                f"{MINIMUM_LENGTH} are needed to find it in a text",
                hint="use a longer value, or pass it by `env` if it is not secret",
                task=task.id,
                where=where,
            )


def _check_inputs(task: BoundTask) -> Iterator[InputError]:
    taken: dict[str, str] = {}
    for name, _ in task.inputs:
        where = ("tasks", task.id, "with", name)
        variable = variable_name(name)
        if name == BRIEFS:
            yield ClashingInputs(
                f"an input cannot be called `{BRIEFS}`: on standard input the Briefs of what came before "
                "have that name",
                hint="choose another name",
                task=task.id,
                where=where,
            )
        elif variable in taken:
            yield ClashingInputs(
                f"the inputs `{taken[variable]}` and `{name}` both become the variable `{variable}`",
                hint="rename one of them",
                task=task.id,
                where=where,
            )
        taken.setdefault(variable, name)


def check_directory(task: BoundTask, project: str) -> Iterator[InputError]:
    """A working directory that is not there, when it is known."""
    folder = _folder(task, project)
    what = None if folder is None else _why_no_directory(folder)
    if what is not None:
        yield MissingDirectory(
            f"the working directory `{_text(task.cwd)}` {what}",
            hint="`cwd` is relative to the project's root, which is also its default",
            task=task.id,
            where=("tasks", task.id, "cwd"),
        )


def _check_program(task: BoundTask, project: str, environ: Mapping[str, str]) -> Iterator[InputError]:
    command = task.command
    where: tuple[str | int, ...] = ("tasks", task.id)
    if command is None:
        return
    if command.argv is None:
        name, where = SHELL, (*where, "run")
    else:
        first = command.argv[0] if command.argv else Literal("")
        if not isinstance(first, Literal):
            return
        name, where = as_text(first.value), (*where, "run", 0)
    problem = _why_not_runnable(name, task, project, environ)
    if problem is not None:
        yield MissingProgram(problem[0], hint=problem[1], task=task.id, where=where)


def _why_not_runnable(
    name: str, task: BoundTask, project: str, environ: Mapping[str, str]
) -> tuple[str, str] | None:
    """The message and the hint, or None when the program can be run or cannot be judged yet."""
    folder = _folder(task, project)
    if "/" in name:
        if folder is None and not name.startswith("/"):
            return None
        path = Path(folder or "/", name)
        absent = _why_absent(path)
        if absent is not None:
            return f"the program `{name}` {absent}", "a relative path starts at the task's `cwd`"
        return None if _is_program(path) else (f"`{name}` is not a program", f"try: chmod +x {name}")
    env = dict(task.env)
    if "PATH" in env and not isinstance(env["PATH"], Literal):
        return None
    search = _text(env["PATH"]) if "PATH" in env else environ.get("PATH", os.defpath)
    for entry in search.split(":"):
        if entry.startswith("/"):
            if _is_program(Path(entry, name)):
                return None
        elif folder is None or _is_program(folder / entry / name):
            return None
    if name:
        return f"the program `{name}` was not found on the PATH", "install it, or name it by its path"
    return "the command names no program", "the first item of `run` is the program"


def _folder(task: BoundTask, project: str) -> Path | None:
    """The working directory, None when it depends on other tasks."""
    return Path(project, _text(task.cwd)) if isinstance(task.cwd, Literal) else None


def _text(template: Template) -> str:
    return as_text(template.value) if isinstance(template, Literal) else ""


def _is_program(path: Path) -> bool:
    # A directory of the PATH that may not be entered holds nothing for this user.
    return os.path.isfile(path) and os.access(path, os.X_OK)  # noqa: PTH113


def _why_no_directory(path: Path) -> str | None:
    absent = _why_absent(path)
    if absent is not None:
        return absent
    if not os.path.isdir(path):  # noqa: PTH112
        return "is not a directory"
    return None if os.access(path, os.X_OK) else "may not be entered"


def _why_absent(path: Path) -> str | None:
    """Why nothing can be found at `path`; None when something is there."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return "does not exist"
    except OSError as error:
        return f"cannot be reached: {(error.strerror or str(error)).lower()}"
    return None
