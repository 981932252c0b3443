"""Manifests: the contract that work is handed over with, as typed pointers and promises."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ...schemas.canonical import canonical_bytes
from ...schemas.errors import InputError
from ...schemas.errors.contracts import TwinStale
from ..ledger.files import make_unshared
from ..private_files import write_private
from .contracts import broken, refuse_broken
from .line_ranges import as_lines
from .pointers import check_pointers, memory_pointers

__all__ = [
    "VERSION",
    "build_manifest",
    "check_manifest",
    "check_pointers",
    "memory_pointers",
    "read_twin",
    "store_manifest",
    "write_twin",
]

VERSION: Final = 1


def build_manifest(
    manifest_id: str,
    *,
    sender: str,
    to: str,
    task: str,
    files: Sequence[Mapping[str, Any]] = (),
    prior_runs: Sequence[str] = (),
    deliverables: Sequence[Mapping[str, Any]] = (),
    tier: str | None = None,
    window_budget: int | str | None = None,
    acceptance: Sequence[str] = (),
    peer_review: Mapping[str, Any] | None = None,
    delegates_to: Sequence[Mapping[str, Any]] = (),
    extras: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A Manifest from its parts, pure; what nothing is said about is left out.

    `task` is the task's id, never its text, which goes to the receiver by itself. `files` are maps with
    `path` and perhaps `lines` (`A..B` or a pair of numbers) and `role`; of several with the same path and
    lines the first stays. `deliverables` are entries of `expected_deliverables`.
    """
    context: dict[str, Any] = {}
    if files:
        context["files"] = _pointers(files)
    if prior_runs:
        context["prior_runs"] = list(dict.fromkeys(prior_runs))
    constraints = {
        key: value
        for key, value in (("model_tier", tier), ("window_budget", window_budget))
        if value is not None
    }
    parts: dict[str, Any] = {
        "context": context,
        "expected_deliverables": [dict(one) for one in deliverables],
        "constraints": constraints,
        "acceptance": list(acceptance),
        "peer_review": dict(peer_review or {}),
        "delegates_to": [dict(one) for one in delegates_to],
        "extras": dict(extras or {}),
    }
    return {
        "version": VERSION,
        "id": manifest_id,
        "from": sender,
        "to": to,
        "task": task,
        **{key: part for key, part in parts.items() if part},
    }


def check_manifest(manifest: Mapping[str, Any], project: Path) -> list[InputError]:
    """Everything that is wrong with a Manifest that was put together: its shape, else its pointers."""
    return [*(broken("manifest", manifest) or check_pointers(manifest, project))]


def store_manifest(folder: Path, manifest: Mapping[str, Any], text: str) -> Path:
    """Write a Manifest's YAML `text` into `folder` as `ID.yaml`, and its JSON twin beside it; the path of
    the YAML file. Each is written whole or not at all, for the user alone, and the twin last.

    Raises `ContractBroken` for one that does not meet the JSON Schema.
    """
    refuse_broken("manifest", manifest)
    make_unshared(folder)
    path = folder / f"{manifest['id']}.yaml"
    data = text.encode()
    write_private(path, data)
    write_twin(path, manifest, data)
    return path


def write_twin(path: Path, manifest: Mapping[str, Any], data: bytes) -> Path:
    """Write the JSON twin of the Manifest whose YAML file `path` holds `data`; the twin's path.

    It is `{"yaml_sha256": ..., "manifest": {...}}`, for readers that have no YAML.
    """
    twin = {"yaml_sha256": hashlib.sha256(data).hexdigest(), "manifest": manifest}
    place = path.with_suffix(".json")
    write_private(place, canonical_bytes(twin) + b"\n")
    return place


def read_twin(path: Path) -> dict[str, Any]:
    """The Manifest of the YAML file `path`, out of its JSON twin.

    Raises `OSError` when either cannot be read, `TwinStale` when the twin is none or of another text.
    """
    place = path.with_suffix(".json")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    try:
        twin = json.loads(place.read_bytes())
        known, manifest = twin["yaml_sha256"], twin["manifest"]
    except (ValueError, TypeError, KeyError):
        known, manifest = None, None
    if known != digest or not isinstance(manifest, dict):
        raise TwinStale(
            f"`{place.name}` is not the twin of `{path.name}` as it is now",
            hint=f"`me manifest validate {path.name} --twin` writes it anew",
        )
    return manifest


def _pointers(files: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found: dict[tuple[Any, Any], dict[str, Any]] = {}
    for file in files:
        pointer = {key: value for key, value in file.items() if value is not None}
        if "lines" in pointer:
            pointer["lines"] = as_lines(pointer["lines"])
        found.setdefault((pointer.get("path"), pointer.get("lines")), pointer)
    return list(found.values())
