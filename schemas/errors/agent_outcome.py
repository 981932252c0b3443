"""ME61x: how an attempt can fail whose work is an agent's, or is held to more than its output.

Each class is the page of one failure reason.
"""

from __future__ import annotations

from .outcome import AttemptFailed


class RateLimited(AttemptFailed):
    r"""The model's service turned the attempt away because it was asked too much, or is overloaded.

    Such an end does not count against `retry.max`: the engine waits, for as long as the service says and in
    growing steps otherwise, and asks again. Fewer attempts at once help: `concurrency.pools: {claude: 2}`
    bounds those of a runtime, whose name is a pool.

    Example:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {role: docs, prompt: Write.}}\n' > x.yaml
    echo '{"node": "a", "outcome": "failed", "failure_reason": "rate_limited"}' > recorded.jsonl
    me dag run x.yaml --replay recorded.jsonl || me explain rate_limited
    ```

    Use instead:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {role: docs, prompt: Write.}}\n' > x.yaml
    echo '{"node": "a", "outcome": "ok", "output": "written"}' > recorded.jsonl
    me dag run x.yaml --replay recorded.jsonl || me explain rate_limited
    ```
    """

    code = "ME610"
    failure_reason = "rate_limited"


class WindowSpent(AttemptFailed):
    r"""The subscription's rolling window of use is spent.

    The client says when the window begins anew; `me dag resume` goes on from where the DAG run was. Other
    runtimes and other tiers may still have room.

    Example:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {role: docs, prompt: Write.}}\n' > x.yaml
    echo '{"node": "a", "outcome": "failed", "failure_reason": "window_spent"}' > recorded.jsonl
    me dag run x.yaml --replay recorded.jsonl || me explain window_spent
    ```

    Use instead:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {role: docs, prompt: Write.}}\n' > x.yaml
    echo '{"node": "a", "outcome": "ok", "output": "written"}' > recorded.jsonl
    me dag run x.yaml --replay recorded.jsonl || me explain window_spent
    ```
    """

    code = "ME611"
    failure_reason = "window_spent"


class SpendLimit(AttemptFailed):
    r"""The account has no credit left, or has met a limit of its own on what it spends.

    Nothing that this program does can help: look at the account. `me dag resume` goes on once that is done.

    Example:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {role: docs, prompt: Write.}}\n' > x.yaml
    echo '{"node": "a", "outcome": "failed", "failure_reason": "spend_limit"}' > recorded.jsonl
    me dag run x.yaml --replay recorded.jsonl || me explain spend_limit
    ```

    Use instead:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {role: docs, prompt: Write.}}\n' > x.yaml
    echo '{"node": "a", "outcome": "ok", "output": "written"}' > recorded.jsonl
    me dag run x.yaml --replay recorded.jsonl || me explain spend_limit
    ```
    """

    code = "ME612"
    failure_reason = "spend_limit"


class BadCredentials(AttemptFailed):
    r"""The model's service did not accept who asks: no key, a wrong one, or one without the right.

    It is not tried again, for it would end the same. Log in with the client itself, or set its key, then `me
    dag resume`. Credentials are the client's own: this program neither reads nor keeps them.

    Example:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {role: docs, prompt: Write.}}\n' > x.yaml
    echo '{"node": "a", "outcome": "failed", "failure_reason": "auth"}' > recorded.jsonl
    me dag run x.yaml --replay recorded.jsonl || me explain auth
    ```

    Use instead:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {role: docs, prompt: Write.}}\n' > x.yaml
    echo '{"node": "a", "outcome": "ok", "output": "written"}' > recorded.jsonl
    me dag run x.yaml --replay recorded.jsonl || me explain auth
    ```
    """

    code = "ME613"
    failure_reason = "auth"


class ModelRefused(AttemptFailed):
    r"""The model, or a filter around it, would not answer.

    Asking the same again rarely helps, so it is not done. Read what was said with `me dag logs`, and ask
    otherwise.

    Example:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {role: docs, prompt: Write.}}\n' > x.yaml
    echo '{"node": "a", "outcome": "failed", "failure_reason": "refused"}' > recorded.jsonl
    me dag run x.yaml --replay recorded.jsonl || me explain refused
    ```

    Use instead:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {role: docs, prompt: Write.}}\n' > x.yaml
    echo '{"node": "a", "outcome": "ok", "output": "written"}' > recorded.jsonl
    me dag run x.yaml --replay recorded.jsonl || me explain refused
    ```
    """

    code = "ME614"
    failure_reason = "refused"


class AnswerTruncated(AttemptFailed):
    r"""The answer broke off: the connection did, or the model met its limit of tokens.

    What came is kept in the log and handed on to nobody. `retry` asks again; for a limit of tokens, ask for
    less at once.

    Example:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {role: docs, prompt: Write.}}\n' > x.yaml
    echo '{"node": "a", "outcome": "failed", "failure_reason": "truncated"}' > recorded.jsonl
    me dag run x.yaml --replay recorded.jsonl || me explain truncated
    ```

    Use instead:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {role: docs, prompt: Write.}}\n' > x.yaml
    echo '{"node": "a", "outcome": "ok", "output": "written"}' > recorded.jsonl
    me dag run x.yaml --replay recorded.jsonl || me explain truncated
    ```
    """

    code = "ME615"
    failure_reason = "truncated"


class Quarantined(AttemptFailed):
    r"""An agent returned orders in place of the result that it was asked for.

    It used no tool, took no time, and said what reads like instructions to whoever reads it next, as an agent
    does that has passed on what somebody wrote into a file. Its words are kept for you, in `me dag logs`, and
    no other agent gets to see them.

    Example:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {role: docs, prompt: Write.}}\n' > x.yaml
    echo '{"node": "a", "outcome": "failed", "failure_reason": "quarantined"}' > recorded.jsonl
    me dag run x.yaml --replay recorded.jsonl || me explain quarantined
    ```

    Use instead:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {role: docs, prompt: Write.}}\n' > x.yaml
    echo '{"node": "a", "outcome": "ok", "output": "written"}' > recorded.jsonl
    me dag run x.yaml --replay recorded.jsonl || me explain quarantined
    ```
    """

    code = "ME616"
    failure_reason = "quarantined"


class ManifestInvalid(AttemptFailed):
    r"""What an agent was to be pointed to is not there.

    A Manifest points to files, and to lines in them, inside the project. One that leads nowhere is found
    before anything is spent. `context.files` of the task names them.

    Example:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {role: docs, prompt: Write.}}\n' > x.yaml
    echo '{"node": "a", "outcome": "failed", "failure_reason": "manifest_invalid"}' > recorded.jsonl
    me dag run x.yaml --replay recorded.jsonl || me explain manifest_invalid
    ```

    Use instead:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {role: docs, prompt: Write.}}\n' > x.yaml
    echo '{"node": "a", "outcome": "ok", "output": "written"}' > recorded.jsonl
    me dag run x.yaml --replay recorded.jsonl || me explain manifest_invalid
    ```
    """

    code = "ME617"
    failure_reason = "manifest_invalid"


class WorkNotGood(AttemptFailed):
    r"""The work was done, and does not hold: a check failed, a file lacks something, or the gate blocks.

    `checks` are commands that must exit with 0 after the work; `must_export` and `coverage` are about files
    that are left; with `quality: reask` the quality gate counts as well. An agent is told what was found and
    may mend its work in the same attempt, as often as `reask` says. The Run has the findings.

    Example:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: "true", checks: ["test -e made.txt"]}}\n' > x.yaml
    me dag run x.yaml || me explain quality_gate
    ```

    Use instead:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: touch made.txt, checks: ["test -e made.txt"]}}\n' > x.yaml
    me dag run x.yaml || me explain quality_gate
    ```
    """

    code = "ME618"
    failure_reason = "quality_gate"
