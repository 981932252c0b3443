"""ME6xx: how an attempt can fail. Each class is the page of one failure reason."""

from __future__ import annotations

from typing import ClassVar

from ..states import FailureReason
from .base import RunError


class AttemptFailed(RunError):
    """An attempt ended, and not well. `failure_reason` is the word that the Ledger has for it."""

    failure_reason: ClassVar[FailureReason | None] = None


class ExitStatus(AttemptFailed):
    r"""The command ended with an exit status other than 0, or was killed by a signal.

    The reason of the node shows the status and the last lines of the error output; `me dag logs`
    shows all of it. A status of -9 stands for signal 9. `retry` tries again; a `sh` text stops at
    its first failure only when it begins with `set -e`. A Python callable fails this way when its
    process ends before it returns: a crash in a library, `os._exit`, a lack of memory.

    Example:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: "exit 3"}}\n' > x.yaml
    me dag run x.yaml || me explain exit_status
    ```

    Use instead:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: "exit 0"}}\n' > x.yaml
    me dag run x.yaml || me explain exit_status
    ```
    """

    code = "ME601"
    failure_reason = "exit_status"


class AttemptTimeout(AttemptFailed):
    r"""The attempt ran longer than its `timeout`, or was silent for longer than its `idle_timeout`.

    Both count for one attempt, not for all of them together. What ran was asked to stop and, when it
    did not, killed with all that it had started.

    Example:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: sleep 60, timeout: 1s}}\n' > x.yaml
    me dag run x.yaml || me explain timeout
    ```

    Use instead:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: sleep 0, timeout: 60s}}\n' > x.yaml
    me dag run x.yaml || me explain timeout
    ```
    """

    code = "ME602"
    failure_reason = "timeout"


class OutputBroken(AttemptFailed):
    r"""The work ended well, and its output is not what its contract asks for.

    `as: json` needs output that is one JSON value as a whole; a `schema` must hold; an output file
    or a deliverable must be written by this very attempt, inside the project. The reason names the
    first violation by its JSON path, or the `pattern` whose search took too long. An output that
    becomes a value may have at most 8 MiB: write more to a file. What a Python callable returns must
    be a JSON value: no set, no bytes, no NaN, no key but text.

    Example:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: echo maybe, output: {as: json}}}\n' > x.yaml
    me dag run x.yaml || me explain output_invalid
    ```

    Use instead:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: echo true, output: {as: json}}}\n' > x.yaml
    me dag run x.yaml || me explain output_invalid
    ```
    """

    code = "ME603"
    failure_reason = "output_invalid"


class SpawnFailed(AttemptFailed):
    """The process of an attempt could not be started.

    The program vanished or may not be executed, the working directory is gone, or the system had no
    process or descriptor left. Programs and directories that are known before the DAG run starts
    are checked then (ME521, ME522).

    Example:

    ```sh
    cat > x.yaml <<'EOF'
    version: 1
    name: x
    tasks:
      which: {run: echo no-such-program}
      a: {run: ["${{ tasks.which.output }}"]}
    EOF
    me dag run x.yaml || me explain spawn_failed
    ```

    Use instead:

    ```sh
    cat > x.yaml <<'EOF'
    version: 1
    name: x
    tasks:
      which: {run: echo true}
      a: {run: ["${{ tasks.which.output }}"]}
    EOF
    me dag run x.yaml || me explain spawn_failed
    ```
    """

    code = "ME604"
    failure_reason = "spawn_failed"


class AttemptException(AttemptFailed):
    r"""A Python callable raised, or an expression of the task failed when its values were known.

    The reason names the exception and the line of your code that raised it; the whole traceback is in
    `me dag logs`. An expression that was written well may be given what does not fit: a field that the
    output does not have, a text where a number is needed. Give the producing task an
    `output: {schema: ...}`, so that it fails there and not here.

    Example:

    ```sh
    cat > x.yaml <<'EOF'
    version: 1
    name: x
    tasks:
      count: {run: "echo '{}'", output: {as: json}}
      a: {run: "echo ${{ tasks.count.output.total + 1 }}"}
    EOF
    me dag run x.yaml || me explain exception
    ```

    Use instead:

    ```sh
    cat > x.yaml <<'EOF'
    version: 1
    name: x
    tasks:
      count: {run: "echo '{\"total\": 2}'", output: {as: json}}
      a: {run: "echo ${{ tasks.count.output.total + 1 }}"}
    EOF
    me dag run x.yaml || me explain exception
    ```
    """

    code = "ME605"
    failure_reason = "exception"


class NoResult(AttemptFailed):
    r"""The attempt ended, and nobody told its result.

    The runtime `replay` has recordings of the DAG run, and none of this node and attempt: the graph
    has changed since, or a recorded failure is tried once more than it was then. Or a Python callable
    ended its own process, or closed descriptors that are not its own.

    In a pattern it means that the pieces came to an end and nothing came of them: a vote without a
    decision, a `refine` or a `cascade` in which no check passed, a `judge` without an answer, a `fanout`
    of which nobody ended ok. The reason says which, and the pieces have what they found. That is a
    result, so a resume does not ask those again that ended ok: change the graph, or what it looks at,
    and start a new DAG run.

    Example:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: "true"}, b: {run: "true"}}\n' > x.yaml
    printf '{"node": "a", "outcome": "ok"}\n' > attempts.jsonl
    me dag run x.yaml --replay attempts.jsonl || me explain no_result
    ```

    Use instead:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: "true"}, b: {run: "true"}}\n' > x.yaml
    printf '{"node": "a", "outcome": "ok"}\n{"node": "b", "outcome": "ok"}\n' > attempts.jsonl
    me dag run x.yaml --replay attempts.jsonl || me explain no_result
    ```
    """

    code = "ME606"
    failure_reason = "no_result"


class RequestInvalid(AttemptFailed):
    r"""The attempt could not be made in the way that was asked for, and never can be.

    No program can be given a NUL character in an argument or a variable, and Linux takes no single
    one above 128 KiB. Hand such values on by `with`: the command finds them on standard input. A
    Python callable may have lost its function, or changed its arguments, since the DAG run started.

    Example:

    ```sh
    cat > x.yaml <<'EOF'
    version: 1
    name: x
    tasks:
      make: {run: "printf 'a\\000b'"}
      a: {run: [echo, "${{ tasks.make.output }}"]}
    EOF
    me dag run x.yaml || me explain invalid_request
    ```

    Use instead:

    ```sh
    cat > x.yaml <<'EOF'
    version: 1
    name: x
    tasks:
      make: {run: "printf 'a\\000b'"}
      a: {run: [wc, -c], with: {text: "${{ tasks.make.output }}"}}
    EOF
    me dag run x.yaml || me explain invalid_request
    ```
    """

    code = "ME607"
    failure_reason = "invalid_request"


class OtherFailure(AttemptFailed):
    r"""The attempt was lost through no fault of its own.

    The process that starts commands was killed, and with it what it had started; or the runtime
    itself broke. `retry` tries again.

    Example:

    ```sh
    me explain other
    ```

    Use instead:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: "true", retry: {max: 1, on: [other]}}}\n' > x.yaml
    me dag run x.yaml || me explain other
    ```
    """

    code = "ME608"
    failure_reason = "other"


class Interrupted(RunError):
    r"""The end of an attempt was never seen: its Coordinator was killed, or the machine went down.

    What was still running was stopped before the DAG run went on. The task's `on_lost` says what
    happens then: `rerun` (the default for work on this machine), `ask` (the default for
    `effects: external`, and for an agent that may change the project's own files: the DAG run pauses
    until you answer), or `fail`. It says the same of an attempt that was stopped midway because you
    stopped the program.

    Example:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: "kill -9 $PPID; sleep 60"}}\n' > x.yaml
    me explain ME609
    ```

    Use instead:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: "true", on_lost: rerun}}\n' > x.yaml
    me dag run x.yaml
    ```
    """

    code = "ME609"


class Rejected(RunError):
    r"""A person answered a question of the graph with no, or reviewers did not approve.

    A no ends an `approve:` task as `failed`, and what needs it is `blocked`; the reason of the node says
    who it was. A task that takes that end knowingly needs it as `failed` or `done`. With `rewind_to` a
    no makes the named task and all behind it anew instead. A resume of the DAG run asks once more.

    The verdict of a `peer_review` ends so when the last round rejects; the reason names who did, with the
    first finding, and `me dag logs` of each review has the rest. Reviews that came in stay as they are, and a
    resume does not ask for them again: mend the work or the reviewers, and start a new DAG run.

    Example:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {approve: Send it?}}\n' > x.yaml
    me dag run x.yaml
    me dag approve 0 a --no
    me dag resume || me explain rejected
    ```

    Use instead:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {approve: Send it?}}\n' > x.yaml
    me dag run x.yaml
    me dag approve 0 a --yes
    me dag resume || me explain rejected
    ```
    """

    code = "ME620"
    failure_reason: ClassVar[FailureReason] = "rejected"
