"""The key of a result: everything that it depends on, one digest per part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...schemas import bound_json
from ...schemas.bound import BoundTask
from ...schemas.canonical import digest
from ..runtimes.protocol import AttemptRequest

Parts = dict[str, str]
"""Names of parts, as people know them, with a digest each."""


def is_offered(task: BoundTask) -> bool:
    """Whether results of the task are kept for later DAG runs: it says what it reads, and changes
    nothing outside this machine. An empty list of reads says that there are none.

    What was done in a worktree is a commit on a branch of its own DAG run, and is not taken over."""
    if task.isolation != "none" or task.ask is not None:
        return False
    return task.reads is not None and task.effects != "external" and task.cache != "off"


def parts_of(
    task: BoundTask,
    request: AttemptRequest,
    *,
    reads: Mapping[str, str],
    upstream: Mapping[str, str],
    runtime: str,
    rewinds: int,
    round_number: int | None,
) -> Parts:
    """The parts of the key for one attempt.

    `reads` are the digests of what was read, by glob; `upstream` those of the outputs of the tasks
    before, by name; `runtime` is the runtime's name and version. Values of secrets are left out, their
    names are in. The order in which nodes start plays no part.
    """
    parts = {
        "the command": digest([request.command, _callable(task), sorted(task.secrets)]),
        "`env`": digest(dict(request.env)),
        "`with`": digest(dict(request.inputs)),
        "`cwd`": digest(request.cwd.removeprefix(request.project)),
        "`output`": digest(_contract(task)),
        "the runtime": runtime,
    }
    if request.agent is not None:
        agent = request.agent
        parts["the Role"] = digest([agent.role.name, agent.role.digest, agent.tier, agent.model])
        parts["the prompt"] = digest([agent.prompt, agent.data, _pointers(task)])
    if request.checks or request.acceptance or request.assertions:
        assertions = [
            [one.path.removeprefix(request.project), one.must_export, one.coverage]
            for one in request.assertions
        ]
        parts["what the work is held to"] = digest([request.checks, request.acceptance, assertions])
    parts |= {f"files of `{pattern}`": found for pattern, found in reads.items()}
    parts |= {f"the output of `{name}`": found for name, found in upstream.items()}
    if task.sample:
        parts["the sample"] = str(task.sample)
    if rewinds:
        parts["the work was sent back"] = str(rewinds)
    if round_number is not None:
        parts["the round"] = str(round_number)
    return parts


def key_of(parts: Parts) -> str:
    """The key of a result: equal exactly for equal parts."""
    return digest(parts)


def difference(parts: Parts, before: Mapping[str, Any]) -> str:
    """Which parts have changed since an earlier result, in words; empty when none has."""
    changed = [name for name in parts if name in before and before[name] != parts[name]]
    added = [name for name in parts if name not in before]
    gone = [name for name in before if name not in parts]
    words = [f"{_listed(changed)} changed" if changed else "", _listed(added) and f"{_listed(added)} is new"]
    words.append(f"{_listed(gone)} is gone" if gone else "")
    return ", ".join(word for word in words if word)


def _listed(names: list[str], shown: int = 3) -> str:
    text = ", ".join(names[:shown])
    return f"{text} and {len(names) - shown} more" if len(names) > shown else text


def _pointers(task: BoundTask) -> Any:
    return None if task.agent is None else bound_json.task_to_json(task)["agent"].get("files")


def _callable(task: BoundTask) -> Any:
    python = task.python
    return None if python is None else [python.module, python.function, python.where]


def _contract(task: BoundTask) -> Any:
    spelled = bound_json.task_to_json(task)
    return [spelled.get(name) for name in ("output", "deliverables", "writes")]
