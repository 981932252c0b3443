"""Manifests: the contract that work is handed over with, as typed pointers and promises."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ...schemas.canonical import canonical_bytes
from ..private_files import write_private

VERSION: Final = 1
MEMORY_FILES: Final = ("CLAUDE.md", ".claude/CLAUDE.md", "CLAUDE.local.md")
"""Where a project keeps what agents should know of it, relative to the project."""


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
    acceptance: Sequence[str] = (),
    peer_review: Mapping[str, Any] | None = None,
    delegates_to: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """A Manifest; what nothing is said about is left out."""
    manifest: dict[str, Any] = {
        "version": VERSION,
        "id": manifest_id,
        "from": sender,
        "to": to,
        "task": task,
        "context": {"files": [dict(one) for one in files], "prior_runs": list(prior_runs)},
        "expected_deliverables": [dict(one) for one in deliverables],
        "constraints": {"model_tier": tier},
        "acceptance": list(acceptance),
    }
    if peer_review:
        manifest["peer_review"] = dict(peer_review)
    if delegates_to:
        manifest["delegates_to"] = [dict(one) for one in delegates_to]
    return manifest


def check_pointers(manifest: Mapping[str, Any], project: Path) -> list[str]:
    """What is wrong with the files that a Manifest points to, one sentence each."""
    return list(_wrong(manifest, project))


def _wrong(manifest: Mapping[str, Any], project: Path) -> Iterator[str]:
    root = os.path.realpath(project)
    for pointer in manifest.get("context", {}).get("files", ()):
        path = pointer["path"]
        real = os.path.realpath(os.path.join(root, path))
        if real != root and not real.startswith(root.rstrip("/") + "/"):
            yield f"`{path}` leads out of the project"
        elif not Path(real).exists():
            yield f"there is no file `{path}`"
        elif not Path(real).is_file():
            yield f"`{path}` is no file"
        elif pointer.get("lines"):
            first, last = pointer["lines"]
            count = _lines_of(real)
            if last > count:
                yield f"`{path}` has {count} lines, and {first} to {last} are pointed to"


def _lines_of(path: str) -> int:
    with open(path, "rb") as file:  # noqa: PTH123
        count, last = 0, b"\n"
        while chunk := file.read(1 << 20):
            count += chunk.count(b"\n")
            last = chunk[-1:]
    return count + (last != b"\n")


def memory_pointers(project: Path, known: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Pointers to the project's memory files that are there: `known` ones, else those of the usual names."""
    names = MEMORY_FILES if known is None else known
    return [{"path": name, "role": "memory"} for name in names if (project / name).is_file()]


def store_manifest(folder: Path, manifest: Mapping[str, Any], text: str) -> Path:
    """Write a Manifest's YAML `text` into `folder`, and its JSON twin, which names the text's SHA-256."""
    data = text.encode()
    path = folder / f"{manifest['id']}.yaml"
    write_private(path, data)
    twin = {"yaml_sha256": hashlib.sha256(data).hexdigest(), "manifest": dict(manifest)}
    write_private(path.with_suffix(".json"), canonical_bytes(twin) + b"\n")
    return path
