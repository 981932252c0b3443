"""The runtime `replay`: gives the results of recorded attempts, and does nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, get_args

from ...schemas.allowance import Allowance, CheckAbandoned
from ...schemas.bound import BoundTask, OutputContract
from ...schemas.errors import InputError, RecordingsMissing
from ...schemas.states import FailureReason, Outcome
from .output_contract import STOPPED_IN_CHECK, OutputInvalid, check_value, parse_json
from .protocol import AttemptEvent, AttemptRequest, AttemptResult, Capabilities, StoredText
from .shortage import Threads

_OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
_REASONS: Final[tuple[FailureReason, ...]] = get_args(FailureReason)
_KEYS: Final = frozenset(
    {
        "node", "attempt", "key", "outcome", "failure_reason", "reason", "output", "exit_status",
        "stdout", "stderr", "deliverable", "violations", "retry_after",
    }
)  # fmt: skip


class Recordings:
    """Results of attempts, by attempt key, or by node id and number of the attempt.

    A recording with a key is found by it first: the same work then has the same result whatever its
    node is called. Several recordings of one attempt: the last one counts.
    """

    def __init__(self) -> None:
        self._by_place: dict[tuple[str, int], AttemptResult] = {}
        self._by_key: dict[str, AttemptResult] = {}

    def add(self, node: str, attempt_no: int, result: AttemptResult, *, key: str | None = None) -> None:
        """Record how attempt `attempt_no` (from 1) of `node` ended."""
        self._by_place[node, attempt_no] = result
        if key:
            self._by_key[key] = result

    def find(self, request: AttemptRequest) -> AttemptResult | None:
        """The recorded result of the attempt that `request` asks for."""
        found = self._by_key.get(request.key) if request.key and self._by_key else None
        return found or self._by_place.get((request.node_id, request.attempt_no))

    def __len__(self) -> int:
        return len(self._by_place)


class ReplayRuntime:
    """Plays attempts from `recordings`; an attempt that is not among them fails with `no_result`."""

    name = "replay"
    capabilities = Capabilities(
        structured_output=True,
        session_resume=True,
        budget_cap=True,
        turn_cap=True,
        live_usage=True,
        cost=True,
        speaks_while_running=True,
        assesses=True,  # what was recorded was assessed before that
    )

    def __init__(self, recordings: Recordings | None) -> None:
        self._recordings = recordings
        self._threads = Threads()

    def preflight(self, task: BoundTask, *, project: str) -> list[InputError]:  # noqa: ARG002
        """One error when there are no recordings at all; which attempts are needed shows at run time."""
        if self._recordings is not None:
            return []
        return [
            RecordingsMissing(
                f"task `{task.id}` is to be replayed, and no recorded attempts were given",
                hint="name a file of them with `--replay FILE`",
                task=task.id,
                where=("tasks", task.id, "runtime"),
            )
        ]

    def start(
        self,
        request: AttemptRequest,
        emit: Callable[[AttemptEvent], None],  # noqa: ARG002
    ) -> ReplayedAttempt:
        """Look the result up. Nothing is emitted: nothing happens."""
        found = self._recordings.find(request) if self._recordings is not None else None
        return ReplayedAttempt(found or _missing(request), _contract(request), self._threads)

    async def close(self) -> None:
        """Let go of the threads that checked outputs."""
        self._threads.close()


class ReplayedAttempt:
    """An attempt that has ended before it was asked for; a cancel comes too late, but for its checks.

    A recorded success is held to the task's output contract like any other.
    """

    __slots__ = ("_allowance", "_contract", "_result", "_threads")

    def __init__(self, result: AttemptResult, contract: OutputContract, threads: Threads) -> None:
        self._result = result
        self._contract = contract
        self._threads = threads
        self._allowance = Allowance()

    async def wait(self) -> AttemptResult:
        """The recorded result; without a schema, it gives way to nothing else."""
        if self._result.outcome != "ok":
            return self._result
        if self._contract.schema is None:
            return self._held_to_contract()
        return await self._threads.result_of(self._held_to_contract)

    def cancel(self, *, hard: bool) -> None:  # noqa: ARG002
        """Leave unchecked what is not checked yet."""
        self._allowance.abandon()

    def _held_to_contract(self) -> AttemptResult:
        result = self._result
        try:
            check_value(result.output, self._contract, allowance=self._allowance)
        except OutputInvalid as problem:
            return replace(
                result,
                outcome="failed",
                failure_reason="output_invalid",
                reason=problem.reason,
                output=None,
                deliverable=None,
                violations=problem.violations,
            )
        except CheckAbandoned:
            return replace(
                result, outcome="cancelled", reason=STOPPED_IN_CHECK, output=None, deliverable=None
            )
        return result


def load_recordings(path: Path) -> Recordings:
    """Read a JSON Lines file: one object per attempt, empty lines left out.

    Keys: `node` and `outcome`; optional `attempt` (1), `key`, `failure_reason`, `reason`, `output`,
    `exit_status`, `stdout`, `stderr` (texts), `deliverable`, `violations`, `retry_after` (seconds).
    Raises `RecordingsMissing` when the file cannot be read or a line is not such an object.
    """
    recordings = Recordings()
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise RecordingsMissing(
            f"the recorded attempts in `{path}` cannot be read: {(error.strerror or str(error)).lower()}"
        ) from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            _add_line(recordings, parse_json(line, "the line"))
        except (OutputInvalid, ValueError) as problem:
            raise RecordingsMissing(
                f"line {number} of `{path}` is no recorded attempt: {problem}",
                hint='a line looks like {"node": "lint", "outcome": "ok", "output": "clean"}',
            ) from None
    return recordings


def recordings_of(rows: Iterable[Mapping[str, Any]]) -> Recordings:
    """Recordings from rows of the Ledger's `runs` or from payloads of `attempt.finished`.

    Each row has `node_id`, `attempt_no`, `outcome` and, where they apply, `attempt_key`,
    `failure_reason`, `reason`, `output`, `exit_status`, `deliverable_ref`, `violations`; texts of
    output streams are given as `{"head", "size", "blob"}`. Attempts that were interrupted or
    cancelled have no end that could be played, and are left out.
    """
    recordings = Recordings()
    for row in rows:
        if row["outcome"] in ("interrupted", "cancelled"):
            continue
        result = AttemptResult(
            outcome=row["outcome"],
            failure_reason=row.get("failure_reason"),
            reason=row.get("reason") or "",
            output=row.get("output"),
            exit_status=row.get("exit_status"),
            stdout=_stored(row.get("stdout")),
            stderr=_stored(row.get("stderr")),
            deliverable=row.get("deliverable_ref"),
            violations=tuple(row.get("violations") or ()),
        )
        recordings.add(row["node_id"], row["attempt_no"], result, key=row.get("attempt_key"))
    return recordings


def _contract(request: AttemptRequest) -> OutputContract:
    """What the output is held to; a callable returns a value, which need not be read out of any text."""
    contract = request.output
    returned = request.python is not None and contract.source != "file"
    return replace(contract, form="json") if returned else contract


def _missing(request: AttemptRequest) -> AttemptResult:
    return AttemptResult(
        outcome="failed",
        failure_reason="no_result",
        reason=f"there is no recording of attempt {request.attempt_no} of `{request.node_id}`",
    )


def _add_line(recordings: Recordings, line: Any) -> None:
    if not isinstance(line, dict):
        raise ValueError("it is not a JSON object")  # the file is wrong, not the call
    unknown = sorted(set(line) - _KEYS)
    if unknown:
        raise ValueError(f"unknown key `{unknown[0]}`")
    node, outcome, attempt_no = line.get("node"), line.get("outcome"), line.get("attempt", 1)
    if not isinstance(node, str) or not node:
        raise ValueError("`node` must be a node's id")
    if outcome is None or outcome not in _OUTCOMES:
        raise ValueError(f"`outcome` must be one of {', '.join(sorted(_OUTCOMES))}")
    if type(attempt_no) is not int or attempt_no < 1:
        raise ValueError("`attempt` must be a number from 1")
    failure = line.get("failure_reason")
    if (failure is not None and failure not in _REASONS) or (outcome == "failed") != (failure is not None):
        raise ValueError("`failure_reason` goes with the outcome `failed`, and is one of the known reasons")
    result = AttemptResult(
        outcome=outcome,
        failure_reason=failure,
        reason=str(line.get("reason") or ("" if outcome == "ok" else f"recorded as {failure or outcome}")),
        output=line.get("output"),
        exit_status=_optional(line, "exit_status", int),
        stdout=_text(line.get("stdout")),
        stderr=_text(line.get("stderr")),
        deliverable=_optional(line, "deliverable", dict),
        violations=tuple(_optional(line, "violations", list) or ()),
        retry_after=_optional(line, "retry_after", (int, float)),
    )
    recordings.add(node, attempt_no, result, key=_optional(line, "key", str))


def _optional(line: Mapping[str, Any], key: str, kind: type | tuple[type, ...]) -> Any:
    value = line.get(key)
    if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
        raise ValueError(f"`{key}` has the wrong type")
    return value


def _text(value: Any) -> StoredText | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("`stdout` and `stderr` are texts")  # as above
    return StoredText(head=value, size=len(value.encode("utf-8", "surrogatepass")))


def _stored(value: Any) -> StoredText | None:
    return StoredText(**value) if isinstance(value, Mapping) else None
