"""Layer 3, part of `api`: Manifests and Briefs that people and interactive sessions write."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .engine.agents.manifests import build_manifest, write_twin
from .engine.agents.pointers import check_pointers, memory_pointers
from .engine.project import MARK, find_project, working_directory
from .schemas.errors import CannotWriteFile, InputError, InputErrors
from .schemas.errors.contracts import TwinStale
from .schemas.handoff import TO_FILL
from .schemas.ids import new_id
from .schemas.walked_path import walked
from .tasks.handoff_files import load_brief, load_manifest
from .tasks.install_decisions import memory_files
from .tasks.manifest_text import manifest_yaml

if TYPE_CHECKING:
    from .tasks.handoff_files import LoadedHandoff

_HEAD: Final = f"# Not valid yet: write every text that begins with `{TO_FILL}`, or take its entry out.\n"


def new_manifest_id() -> str:
    """A new id for a Manifest: `hm-` and a UUIDv7."""
    return f"hm-{new_id()}"


def scaffold_manifest(
    *,
    role: str | None = None,
    task: str | None = None,
    files: Sequence[tuple[str, str | None]] = (),
    deliverables: Sequence[str] = (),
    prior_runs: Sequence[str] = (),
    tier: str | None = None,
    sender: str = "principal",
    cwd: Path | None = None,
) -> str:
    """The YAML text of a Manifest to be filled in; it is not valid before that.

    `files` are paths, relative to `cwd`, with lines `A..B` or None. The project's memory files are pointed
    to as well. Raises `InputErrors` when what is pointed to is not there.
    """
    folder = cwd or working_directory()
    project = find_project(folder)

    def relative(path: str) -> str:
        return os.path.relpath(walked(os.path.join(os.path.realpath(folder), path)), project)

    pointers = [{"path": relative(path), "lines": lines} for path, lines in files]
    promised = [relative(path) for path in deliverables] or [_to_fill("a file that must be there in the end")]
    manifest = build_manifest(
        new_manifest_id(),
        sender=sender,
        to=role or _to_fill("the Role or the Executor that it is for"),
        task=task or _to_fill("the id of the task"),
        files=[*pointers, *memory_pointers(project, memory_files(project / MARK))],
        prior_runs=prior_runs,
        deliverables=[{"path": path} for path in promised],
        tier=tier,
        acceptance=[_to_fill("a statement that must be true of the result")],
    )
    problems = check_pointers(manifest, project)
    if problems:
        raise InputErrors(problems)
    return _HEAD + manifest_yaml(manifest)


def check_manifest(path: Path) -> list[InputError]:
    """Everything that is wrong with the Manifest in a YAML file, its pointers and its twin included.

    Pointers are relative to the project that the file lies in.
    """
    loaded, problems = _checked(path)
    if loaded is not None and not problems:
        known = _twin(path)
        if known is not None and known["yaml_sha256"] != hashlib.sha256(loaded.data).hexdigest():
            anew = f"`me manifest validate {path.name} --twin` writes it anew"
            problems = [_not_its_twin(path, "is the twin of another text", anew)]
    return problems


def write_manifest_twin(path: Path) -> Path:
    """Check the Manifest in a YAML file, and write its JSON twin beside it; the twin's path.

    Raises `InputErrors`: nothing is written for a Manifest with errors, nor over a file that is no twin.
    """
    loaded, problems = _checked(path)
    if loaded is None or problems:
        raise InputErrors(problems)
    place = path.with_suffix(".json")
    if place.exists() and _twin(path) is None:
        hint = "move it away, or give the Manifest another name"
        raise InputErrors([_not_its_twin(path, "is no twin of a Manifest, and is left alone", hint)])
    try:
        return write_twin(path, loaded.value, loaded.data)
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise CannotWriteFile(f"`{place}` cannot be written: {said}") from error


def check_brief(path: Path) -> list[InputError]:
    """Everything that is wrong with the Brief in a JSON file."""
    return load_brief(path)[1]


def _checked(path: Path) -> tuple[LoadedHandoff | None, list[InputError]]:
    loaded, problems = load_manifest(path)
    if loaded is None:
        return None, problems
    found: list[InputError] = []
    for error in check_pointers(loaded.value, find_project(path.resolve().parent)):
        error.span = loaded.document.span(error.where)
        found.append(error)
    return loaded, found


def _twin(path: Path) -> Mapping[str, Any] | None:
    """What is in the file beside a Manifest where its twin belongs, if that is a twin at all."""
    try:
        found = json.loads(path.with_suffix(".json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found.keys() == {"yaml_sha256", "manifest"} else None


def _not_its_twin(path: Path, what: str, hint: str) -> TwinStale:
    return TwinStale(f"`{path.with_suffix('.json').name}` beside `{path.name}` {what}", hint=hint)


def _to_fill(what: str) -> str:
    return f"{TO_FILL} {what}"
