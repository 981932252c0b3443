"""Layer 3, part of `api`: a small graph for work that is given to a Role by hand."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ._api_agents import load_roles_of
from ._api_check import bound_text
from ._api_dispatch_flags import Origins
from ._api_ready import ready
from .engine.agents.pointers import check_pointers
from .engine.ledger.database_errors import ledger_errors
from .engine.private_files import write_private
from .engine.project import find_project, state_dir, working_directory
from .schemas.agent import CLIENTS, REPLAY, REVIEWERS, TIERS
from .schemas.errors import BadFlagValue, InputError, InputErrors, KeyNotBuilt
from .schemas.ids import new_id
from .tasks.handoff_files import load_manifest
from .tasks.json_schemas import UnreadableSchema, load_schema
from .tasks.manifest_text import manifest_yaml

if TYPE_CHECKING:
    from .tasks.document import Document
    from .tasks.roles import Roles

FOLDER: Final = "dispatched"
"""Where such graphs are kept, below the project's state."""

YES_OR_NO: Final = {
    "type": "object",
    "required": ["verdict", "reason"],
    "properties": {"verdict": {"enum": ["yes", "no"]}, "reason": {"type": "string"}},
}
"""What voters answer where nobody says what: it is counted by its `verdict`."""

_LINES: Final = re.compile(r"(.+):(\d+(?:\.\.\d+)?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """What is asked of a Role.

    At most one of `fanout`, `consensus`, `shadows` and `reviewers` is given. `files` are paths, relative to
    the working directory, each perhaps with `:A..B` behind it for the lines that matter. `schema` is the path
    of a JSON Schema for the result, `vote` the field of it that is counted, and `manifest` the path of a
    Manifest, which says what the work is held to.
    """

    role: str
    instruction: str
    fanout: int | None = None
    consensus: int | None = None
    vote: str | None = None
    schema: Path | None = None
    shadows: Sequence[str] = ()
    reviewers: Sequence[str] = ()
    runtime: str | None = None
    tier: str | None = None
    model: str | None = None
    files: Sequence[str] = ()
    executor: str | None = None
    manifest: Path | None = None


def dispatch_graph(
    asked: Dispatch,
    *,
    replay: Path | None = None,
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Path:
    """Write the task graph that does what is asked, and give its path; it is kept in the project's state.

    Raises what is wrong with the Role, the flags or the Manifest, and whatever else would keep the graph from
    being run, with `replay` as in `run`; and `LedgerError` where nothing can be written. Nothing is written
    then.
    """
    variables = dict(os.environ if environ is None else environ)
    folder = cwd or working_directory()
    project = find_project(folder)
    roles = load_roles_of(project, variables)
    roles.find(asked.role)
    document, origins = graph_of(asked, folder=folder, project=project, roles=roles)
    place = state_dir(project) / FOLDER / f"{new_id()}.yaml"
    data = manifest_yaml(document).encode()
    problems = [*_wrong_pointers(document, project), *_wrong_graph(data, place, folder, variables, replay)]
    if problems:
        raise InputErrors(origins.told(problems, str(place)))
    with ledger_errors(state_dir(project)):
        write_private(place, data)
    return place


def _wrong_pointers(graph: Mapping[str, Any], project: Path) -> Iterator[InputError]:
    """What is wrong with the files that the one task is pointed to."""
    for name, task in graph["tasks"].items():
        files = [
            {key: _as_typed(value) if key == "path" else value for key, value in one.items()}
            for one in task.get("context", {}).get("files", ())
        ]
        for error in check_pointers({"context": {"files": files}}, project):
            error.where = ("tasks", name, *error.where)
            yield error


def _wrong_graph(
    data: bytes, place: Path, folder: Path, environ: Mapping[str, str], replay: Path | None
) -> list[InputError]:
    """All that would keep the graph from being run."""
    try:
        graph, texts = bound_text(data, place, cwd=folder, environ=environ)
        ready(graph, texts, environ=environ, replay=replay)
    except InputErrors as found:
        return list(found.errors)
    return []


def graph_of(asked: Dispatch, *, folder: Path, project: Path, roles: Roles) -> tuple[dict[str, Any], Origins]:
    """The task graph as a document, and where its parts come from."""
    if not asked.instruction.strip():
        raise BadFlagValue("the instruction is empty", hint='write it in quotes: `me dispatch docs "…"`')
    task: dict[str, Any] = {"role": asked.role, "prompt": _as_written(asked.instruction)}
    for key in ("executor", "runtime", "tier", "model"):
        value = getattr(asked, key)
        if value is not None:
            task[key] = value
    files = [_pointer(text, folder, project) for text in asked.files]
    if files:
        task["context"] = {"files": files}
    schema = _schema(asked)
    if schema is not None:
        task["output"] = {"schema": schema}
    pattern = _pattern(asked)
    origins = Origins(asked=asked)
    if asked.manifest is not None:
        pattern, manifest = _with_manifest(task, asked, pattern, roles)
        pointed = len(task.get("context", {}).get("files", ())) - len(files)
        origins = Origins(asked=asked, manifest=manifest, pointed=pointed)
    if pattern:
        task["pattern"] = pattern
    answer = f"${{{{ tasks['{asked.role}'].output }}}}"
    document = {
        "version": 1,
        "name": f"dispatch-{asked.role}",
        "outputs": {"answer": answer},
        "tasks": {asked.role: task},
    }
    return document, origins


def _as_written(value: Any) -> Any:
    """A text in which nothing is an expression, for whoever typed it meant what it says; so too within lists
    and maps."""
    if isinstance(value, str):
        return value.replace("${{", '${{ "${{" }}')
    if isinstance(value, Mapping):
        return {key: _as_written(item) for key, item in value.items()}
    return [_as_written(item) for item in value] if isinstance(value, list | tuple) else value


def _as_typed(text: str) -> str:
    """What `_as_written` was made from."""
    return text.replace('${{ "${{" }}', "${{")


def _pointer(text: str, folder: Path, project: Path) -> dict[str, Any]:
    found = _LINES.fullmatch(text)
    path, lines = (found[1], found[2]) if found is not None else (text, None)
    whole = os.path.join(os.path.realpath(folder), path)
    pointer = {"path": _as_written(os.path.relpath(whole, project))}
    return pointer if lines is None else {**pointer, "lines": lines}


def _schema(asked: Dispatch) -> Any:
    if asked.vote is not None and asked.consensus is None:
        raise BadFlagValue("`--vote` says what a consensus counts", hint="add `--consensus N`")
    if asked.schema is not None:
        try:
            return _as_written(load_schema(asked.schema))
        except UnreadableSchema as error:
            raise BadFlagValue(f"the schema file `{asked.schema}` cannot be used: {error}") from None
    if asked.consensus is None:
        return None
    if asked.vote not in (None, "verdict"):
        hint = f"add `--schema FILE`, a JSON Schema with the field `{asked.vote}`"
        raise BadFlagValue(f"nothing says what the field `{asked.vote}` may hold", hint=hint)
    return YES_OR_NO


def _pattern(asked: Dispatch) -> dict[str, Any]:
    given = {
        "--fanout": asked.fanout is not None,
        "--consensus": asked.consensus is not None,
        "--shadow": bool(asked.shadows),
        "--peer-review": bool(asked.reviewers),
    }
    flags = [flag for flag, is_given in given.items() if is_given]
    if len(flags) > 1:
        hint = "keep one of them; more than that is a graph of your own"
        raise BadFlagValue(f"`{flags[0]}` and `{flags[1]}` exclude each other", hint=hint)
    if asked.fanout is not None:
        return {"fanout": {"n": asked.fanout, "join": {"synthesise": _another(asked.role)}}}
    if asked.consensus is not None:
        return {"consensus": {"n": asked.consensus, "vote": asked.vote or "verdict"}}
    if asked.shadows:
        return {"shadow": {"shadows": [_shadow(name) for name in asked.shadows]}}
    if asked.reviewers:
        return {"peer_review": {"reviewers": [{"role": name} for name in asked.reviewers]}}
    return {}


def _another(role: str) -> str:
    """The Role that looks at the work of this one where nobody names one."""
    return next(name for name in REVIEWERS if name != role)


def _shadow(name: str) -> dict[str, str]:
    """What a shadow differs in: its tier, its runtime, or else its model."""
    if name in TIERS:
        return {"tier": name}
    return {"runtime": name} if name in (*CLIENTS, REPLAY) else {"model": name}


# ---- what a Manifest says


def _with_manifest(
    task: dict[str, Any], asked: Dispatch, pattern: dict[str, Any], roles: Roles
) -> tuple[dict[str, Any], Document]:
    """The task with what the Manifest says; the pattern that it comes to, and the Manifest's document."""
    assert asked.manifest is not None
    loaded, problems = load_manifest(asked.manifest)
    if loaded is None or problems:
        raise InputErrors(problems)
    manifest, document = loaded.value, loaded.document
    _check_receiver(task, asked, manifest, document, roles)
    constraints = manifest.get("constraints", {})
    if "window_budget" in constraints:
        raise _not_built(document, "constraints", "window_budget")
    if "model_tier" in constraints:
        task.setdefault("tier", constraints["model_tier"])
    context = manifest.get("context", {})
    files = [*context.get("files", ()), *task.get("context", {}).get("files", ())]
    found = {"files": _as_written(files), "prior_runs": list(context.get("prior_runs", ()))}
    task |= {"context": {key: value for key, value in found.items() if value}} if any(found.values()) else {}
    for key, of_task in (("expected_deliverables", "deliverables"), ("acceptance", "acceptance")):
        if manifest.get(key):
            task[of_task] = _as_written(list(manifest[key]))
    return _reviewed(asked, manifest, _delegated(asked, manifest, pattern, document), document), document


def _check_receiver(
    task: dict[str, Any], asked: Dispatch, manifest: Mapping[str, Any], document: Document, roles: Roles
) -> None:
    to = manifest["to"]
    if to == asked.role:
        return
    if to in roles.every() or asked.executor not in (None, to):
        message = f"the Manifest is for `{to}`, not for `{asked.executor or asked.role}`"
        raise BadFlagValue(message, hint="name the receiver that it names", span=document.span(("to",)))
    task["executor"] = to


def _delegated(
    asked: Dispatch, manifest: Mapping[str, Any], pattern: dict[str, Any], document: Document
) -> dict[str, Any]:
    delegates = list(manifest.get("delegates_to", ()))
    if not delegates:
        return pattern
    if pattern:
        message = f"the Manifest delegates, and `--{next(iter(pattern)).replace('_', '-')}` is asked for too"
        raise BadFlagValue(message, hint="keep one of the two", span=document.span(("delegates_to",), "key"))
    return {"team": {"delegates_to": _as_written(delegates), "join": {"synthesise": asked.role}}}


def _reviewed(
    asked: Dispatch, manifest: Mapping[str, Any], pattern: dict[str, Any], document: Document
) -> dict[str, Any]:
    """The pattern with the review that the Manifest demands, or says more of."""
    said = manifest.get("peer_review", {})
    if not said.get("mandatory_for_reversibility") and "peer_review" not in pattern:
        return pattern
    review = dict(pattern.get("peer_review", {}))
    review.setdefault("reviewers", [{"role": name} for name in _reviewers(asked.role, said)])
    review |= {setting: said[key] for key, setting in _OF_REVIEW if key in said}
    if pattern and "peer_review" not in pattern:
        review["of"] = pattern
    if said.get("reviewer_role_must_differ") is False:
        at = ("peer_review", "reviewer_role_must_differ")
        message = "a reviewer always has another Role than the author"
        hint = "take `reviewer_role_must_differ: false` out"
        raise BadFlagValue(message, hint=hint, span=document.span(at))
    return {"peer_review": review}


_OF_REVIEW: Final = (("min_reviewers", "min_reviewers"), ("dissent_handling", "dissent"))
"""What a Manifest says of a review, and what the pattern calls that."""


def _reviewers(role: str, said: Mapping[str, Any]) -> Iterator[str]:
    """As many Roles as must review, none of them the author's."""
    others = [name for name in REVIEWERS if name != role]
    yield from others[: max(1, said.get("min_reviewers", 1))]


def _not_built(document: Document, *place: str) -> KeyNotBuilt:
    return KeyNotBuilt(
        f"the Manifest uses `{'.'.join(place)}`, which this version cannot carry out yet",
        hint="take the key out to dispatch the rest",
        span=document.span(place, "key"),
        key=".".join(place),
    )
