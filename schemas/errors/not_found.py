"""ME53x and ME54x: things of the Ledger that were named and are not there."""

from __future__ import annotations

from .base import InputError


class UnknownDagRun(InputError):
    """This project's Ledger has no DAG run of that id.

    A DAG run is named by its id or by any beginning of it that fits only one. The Ledger belongs to
    the project that you stand in: the nearest parent directory with `.metaensemble`, else with
    `.git`. `me dag list` shows what it knows.

    Example:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      hello: {run: echo hello}
    END
    me dag run graph.yaml
    me dag status ffff
    ```

    Use instead:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      hello: {run: echo hello}
    END
    me dag run graph.yaml
    me dag status 0
    ```
    """

    code = "ME537"


class AmbiguousDagRun(InputError):
    """Several DAG runs begin with what was typed.

    Ids begin with the time at which they were made, so those of one day share their first letters.
    Type some more of it; the message lists the candidates.

    Example:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      hello: {run: echo hello}
    END
    me dag run graph.yaml
    me dag run graph.yaml
    me dag status 0
    ```

    Use instead:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      hello: {run: echo hello}
    END
    me dag run graph.yaml
    me dag status 0
    ```
    """

    code = "ME538"


class NothingToResume(InputError):
    """There is no DAG run that a resume could go on with.

    `me dag resume` without an id takes the newest DAG run of the project if it failed, else the newest
    one that has not ended. `me dag list` shows them with their states; any that did not end `ok` can be
    named by its id.

    Example:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      hello: {run: echo hello}
    END
    me dag run graph.yaml
    me dag resume
    ```

    Use instead:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      hello: {run: echo hello}
    END
    me dag run graph.yaml
    me dag list
    ```
    """

    code = "ME539"


class UnknownNode(InputError):
    """The DAG run has no node of that id.

    Node ids are those that `me dag status` shows. Most are the names of tasks; nodes that a pattern
    or a fan-out made carry more, such as `review[src/a.py]` or `draft#2`: quote them for the shell.

    Example:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      hello: {run: echo hello}
    END
    me dag run graph.yaml
    me dag logs 0 helo
    ```

    Use instead:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      hello: {run: echo hello}
    END
    me dag run graph.yaml
    me dag logs 0 hello
    ```
    """

    code = "ME540"


class UnknownRun(InputError):
    """The Ledger has no Run of that id.

    A Run is one attempt at one node; `me ledger recent` lists the latest with their ids. It is not a
    DAG run: those are shown by `me dag list`.

    Example:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      hello: {run: echo hello}
    END
    me dag run graph.yaml
    me ledger run ffff
    ```

    Use instead:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      hello: {run: echo hello}
    END
    me dag run graph.yaml
    me ledger run 0
    ```
    """

    code = "ME542"


class NoSuchAttempt(InputError):
    """The node has no attempt of that number, no such generation, or no attempt at all.

    Attempts count from 1, one for each try; generations from 0, one more each time that a resume gives a
    DAG run which had ended another try. A node that was skipped, blocked or not reached yet has
    none, and so has no output to show; `me dag status` says why.

    Example:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      hello: {run: echo hello}
    END
    me dag run graph.yaml
    me dag logs 0 hello --attempt 7
    ```

    Use instead:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      hello: {run: echo hello}
    END
    me dag run graph.yaml
    me dag logs 0 hello --attempt 1
    ```
    """

    code = "ME543"
