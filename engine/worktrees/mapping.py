"""A request, led into a worktree."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ...schemas.bound import OutputContract
from ..runtimes.protocol import AttemptRequest
from .worktree import Worktree

_PLACES: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY")


def mapped(request: AttemptRequest, worktree: Worktree, environ: Mapping[str, str]) -> AttemptRequest:
    """The request, with the worktree in the place of the project: every path below the project is the same
    path below the worktree's. `environ` is what the attempt inherits."""

    def moved(path: str) -> str:
        inside = os.path.relpath(path, request.project)
        if inside == os.pardir or inside.startswith(os.pardir + os.sep):
            return path
        return os.path.normpath(os.path.join(worktree.project, inside))

    return replace(
        request,
        project=worktree.project,
        cwd=moved(request.cwd),
        env={**_led(worktree, environ), **request.env},
        output_path=None if request.output_path is None else moved(request.output_path),
        deliverables=tuple((moved(path), schema) for path, schema in request.deliverables),
        assertions=tuple(replace(one, path=moved(one.path)) for one in request.assertions),
        isolation=None,
    )


def preparation(request: AttemptRequest, worktree: Worktree, environ: Mapping[str, str]) -> AttemptRequest:
    """What prepares the worktree of the request, as a request of its own: a command, run in the worktree's
    project with the task's variables and secrets."""
    assert request.isolation is not None
    command = dict(request.isolation.setup)
    bindings: Mapping[str, str] = command.pop("env", {})
    return replace(
        request,
        cwd=worktree.project,
        project=worktree.project,
        command=command,
        env={**_led(worktree, environ), **request.env, **bindings},
        python=None,
        agent=None,
        isolation=None,
        inputs={},
        briefs={},
        deliverables=(),
        checks=(),
        assertions=(),
        output=OutputContract(),
        output_path=None,
        output_used=False,
    )


def promised(request: AttemptRequest) -> list[str]:
    """The files that the attempt is to leave, wherever git would not look for them."""
    found = [path for path, _ in request.deliverables]
    return [*found, request.output_path] if request.output_path is not None else found


def _led(worktree: Worktree, environ: Mapping[str, str]) -> dict[str, str]:
    """Variables that lead a git in the attempt here, where it inherits others: a hook, or another git that
    runs this program, names the user's repository by them."""
    if not any(name in environ for name in _PLACES):
        return {}
    common = os.path.dirname(os.path.dirname(worktree.gitdir))
    return {
        "GIT_DIR": worktree.gitdir,
        "GIT_WORK_TREE": worktree.path,
        "GIT_INDEX_FILE": os.path.join(worktree.gitdir, "index"),
        "GIT_COMMON_DIR": common,
        "GIT_OBJECT_DIRECTORY": os.path.join(common, "objects"),
    }
