"""ME57x: answers to the questions of `approve:` tasks."""

from __future__ import annotations

from .base import InputError


class NotWaiting(InputError):
    """A node was answered that does not wait for an answer.

    Only an `approve:` task asks, from the moment in which everything that it needs has ended. Before
    that, and once it has ended in another way (skipped, blocked, cancelled), there is nothing to
    answer. A question about a lost attempt is another thing: `me dag resume --lost` answers that.
    `me dag status` shows what each node does.

    Example:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      draft: {run: echo a draft}
      send: {approve: Send it?, needs: [draft]}
    END
    me dag run graph.yaml
    me dag approve 0 draft --yes
    ```

    Use instead:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      draft: {run: echo a draft}
      send: {approve: Send it?, needs: [draft]}
    END
    me dag run graph.yaml
    me dag approve 0 send --yes
    ```
    """

    code = "ME570"


class AlreadyAnswered(InputError):
    """The question has its answer, and the first one counts.

    The message says who gave it, when, and what it was. When two people answer at the same moment,
    one of them gets this. Nothing takes an answer back; where the graph has a `rewind_to`, a no makes
    the work anew, and the question is asked again once that is done.

    Example:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      send: {approve: Send it?}
    END
    me dag run graph.yaml
    me dag approve 0 send --yes
    me dag approve 0 send --no
    ```

    Use instead:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      send: {approve: Send it?}
    END
    me dag run graph.yaml
    me dag approve 0 send --yes
    me dag resume
    ```
    """

    code = "ME571"


class NobodyAsks(InputError):
    """Nothing that waits for an answer has the name that was given.

    A name without `*` and `?` is the id of one node, as `me dag status` shows it. With them it stands
    for every node that waits and fits: `*` for any text, `?` for one character; brackets stand for
    themselves, so `'review[*]'` is every item of `review`. The message lists what waits.

    Example:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      send: {approve: Send it?}
    END
    me dag run graph.yaml
    me dag approve 0 'publish*' --yes
    ```

    Use instead:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      send: {approve: Send it?}
    END
    me dag run graph.yaml
    me dag approve 0 's*' --yes
    ```
    """

    code = "ME572"


class AnswerInvalid(InputError):
    """The answer is not JSON, or breaks the schema that the question's `input` gives.

    The message names the first violations by their JSON path. Mind the shell: a text in JSON has
    double quotes of its own, so write `--answer '"1.2.0"'`.

    Example:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      release:
        approve: Which number does the release get?
        input: {type: integer, minimum: 1}
    END
    me dag run graph.yaml
    me dag approve 0 release --answer '"one"'
    ```

    Use instead:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      release:
        approve: Which number does the release get?
        input: {type: integer, minimum: 1}
    END
    me dag run graph.yaml
    me dag approve 0 release --answer 1
    ```
    """

    code = "ME573"


class WrongAnswerKind(InputError):
    """The question takes another kind of answer.

    A question without `input` is answered by `--yes` or `--no`. With `input`, a yes says more: the
    value that the schema describes, by `--answer JSON`, or by `--option N` where the schema lists its
    values (`enum`, or `oneOf` with a `const` each). A `--no` is always possible.

    Example:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      where:
        approve: Where to?
        input: {enum: [staging, production]}
    END
    me dag run graph.yaml
    me dag approve 0 where --yes
    ```

    Use instead:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      where:
        approve: Where to?
        input: {enum: [staging, production]}
    END
    me dag run graph.yaml
    me dag approve 0 where --option 1
    ```
    """

    code = "ME574"


class NotOneAnswer(InputError):
    """An answer is exactly one of `--yes`, `--no`, `--answer JSON` and `--option N`.

    None leaves open what was decided, and of two only one could be meant.

    Example:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      send: {approve: Send it?}
    END
    me dag run graph.yaml
    me dag approve 0 send
    ```

    Use instead:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      send: {approve: Send it?}
    END
    me dag run graph.yaml
    me dag approve 0 send --no
    ```
    """

    code = "ME575"
