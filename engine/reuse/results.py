"""Results of earlier DAG runs: looked up, put back on disk, and offered to later ones."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from ...schemas.bound import BoundTask
from ...schemas.errors import BlobMissing
from ..ledger import queries
from ..ledger.ledger import Ledger
from ..runtimes.protocol import AttemptRequest
from .files import Digests, Unhashable, matches, read_digests
from .keys import Parts, difference, is_offered, key_of, parts_of

_LARGEST_COPY: Final = 64 << 20
"""A written file of more bytes is told by its digest only, and cannot be put back."""


class Writer(Protocol):
    """Takes the bytes of one stored file."""

    def write(self, content: bytes) -> None: ...
    def commit(self) -> tuple[str, int]: ...
    def abort(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What is known about a node before its attempt. `label` names it across DAG runs; `why_not` says
    why nothing can be hashed."""

    parts: Parts = field(default_factory=dict)
    key: str = ""
    reads: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    label: str = ""
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A result on record: the Run that it is of, that Run's payload, and the files that it wrote."""

    run_id: str
    dag_run_id: str
    payload: Mapping[str, Any]

    @property
    def files(self) -> Sequence[Sequence[Any]]:
        """Path relative to the project, digest, permissions, and whether a copy was kept."""
        found: Sequence[Sequence[Any]] = self.payload["result"]["writes"]
        return found


class Results:
    """What the driver and the plan ask. File work is slow and may be done on another thread; what asks
    the Ledger may not."""

    def __init__(self, ledger: Ledger | None, dag_run_id: str, *, project: str, force: bool = False) -> None:
        self._ledger = ledger
        self._dag_run_id = dag_run_id
        self._project = project
        self._force = force
        self._digests = Digests()

    def abandon(self) -> None:
        """End the file work that goes on on other threads, and do none any more: nothing is taken over
        then, and nothing offered."""
        self._digests.abandon()

    def is_offered(self, task: BoundTask) -> bool:
        """Whether results of the task are kept for later DAG runs."""
        return is_offered(task)

    def candidate(
        self,
        task: BoundTask,
        *,
        request: AttemptRequest,
        label: str,
        reads: Sequence[str],
        written: Sequence[str],
        upstream: Mapping[str, str],
        runtime: str,
        rewinds: int,
        round_number: int | None,
    ) -> Candidate:
        """The key for an attempt, files digested. For any thread; never raises for a file."""
        try:
            found = read_digests(reads, self._project, self._digests)
        except Unhashable as problem:
            return Candidate(why_not=str(problem))
        parts = parts_of(
            task,
            request,
            reads=found,
            upstream=upstream,
            runtime=runtime,
            rewinds=rewinds,
            round_number=round_number,
        )
        return Candidate(
            parts=parts, key=key_of(parts), reads=tuple(reads), written=tuple(written), label=label
        )

    def recorded(self, task: BoundTask, candidate: Candidate) -> Recorded | None:
        """The newest result of another DAG run with the same key. For the Ledger's thread."""
        if self._ledger is None or self._force or task.cache != "auto" or not candidate.key:
            return None
        row = queries.result_by_key(self._ledger, candidate.key)
        if row is None or row.dag_run_id == self._dag_run_id:
            return None
        record = queries.record_at(self._ledger, row.seq)
        if record is None or "result" not in record.payload:
            return None
        return Recorded(run_id=row.run_id, dag_run_id=row.dag_run_id, payload=record.payload)

    def why_not(self, task: BoundTask, label: str, candidate: Candidate) -> str:
        """Why there is nothing to take over, in words. For the Ledger's thread."""
        if candidate.why_not:
            return candidate.why_not
        if self._force:
            return "everything is done anew (`--force`)"
        if task.cache == "refresh":
            return "`cache: refresh`"
        row = queries.latest_result(self._ledger, label) if self._ledger is not None else None
        record = queries.record_at(self._ledger, row.seq) if row is not None and self._ledger else None
        if record is None:
            return "no earlier result"
        changed = difference(candidate.parts, record.payload["result"]["parts"])
        return changed or "the earlier result is of this DAG run"

    def put_back(self, found: Recorded, *, touch: bool = True) -> str | None:
        """Make the files that the result wrote be as they were; None when they are, else what is amiss.

        For any thread. Without `touch` it is only looked whether that could be done.
        """
        missing = []
        for path, digest, mode, is_kept in found.files:
            target = os.path.join(self._project, path)
            if self._is_as_recorded(target, digest):
                continue
            if not is_kept or self._ledger is None or not self._ledger.blobs.holds(digest):
                return f"`{path}` is not as it was, and no copy of it was kept"
            missing.append((target, digest, mode))
        if touch:
            for target, digest, mode in missing:
                try:
                    self._restore(Path(target), digest, mode)
                except (OSError, BlobMissing) as error:
                    return f"`{os.path.relpath(target, self._project)}` cannot be put back: {error}"
        return None

    def offer(self, candidate: Candidate) -> dict[str, Any] | None:
        """What is recorded of a result that just ended ok, its written files copied; None when it cannot
        be offered, because its reads have changed meanwhile or a file cannot be read. For any thread."""
        if not candidate.key:
            return None
        try:
            reads = read_digests(candidate.reads, self._project, self._digests)
            if any(candidate.parts[f"files of `{pattern}`"] != now for pattern, now in reads.items()):
                return None
            files = sorted(
                {
                    path
                    for one in candidate.written
                    for path in matches(one, self._project, self._digests.check)
                }
            )
            writes = [self._kept(path) for path in files]
        except (Unhashable, OSError):
            return None
        return {"key": candidate.key, "parts": candidate.parts, "writes": writes}

    def _kept(self, path: str) -> list[Any]:
        digest = self._digests.of(path)
        status = Path(path).stat()
        is_kept = status.st_size <= _LARGEST_COPY and self._ledger is not None
        if is_kept and self._ledger is not None and not self._ledger.blobs.holds(digest):
            is_kept = self._ledger.blobs.put(Path(path).read_bytes()) == digest
        return [os.path.relpath(path, self._project), digest, status.st_mode & 0o777, is_kept]

    def _is_as_recorded(self, path: str, digest: str) -> bool:
        try:
            return self._digests.of(path) == digest
        except Unhashable:
            return False

    def _restore(self, target: Path, digest: str, mode: int) -> None:
        assert self._ledger is not None
        root = os.path.realpath(self._project)
        parent = os.path.realpath(target.parent)
        if os.path.commonpath((root, parent)) != root:
            raise OSError("it leads out of the project")
        target.parent.mkdir(parents=True, exist_ok=True)
        content = self._ledger.blobs.get(digest)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".me-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(name).chmod(mode)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
