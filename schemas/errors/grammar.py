"""Errors of the shape of a task graph: keys that do not exist, and values that do not fit them."""

from __future__ import annotations

from .base import InputError


class GrammarError(InputError):
    """A graph file is sound YAML, and not a task graph."""


class UnknownKey(GrammarError):
    """A map has a key that means nothing there.

    A misspelled key is never ignored: a `timeuot` that does nothing would be found out too late. If
    the name is close to a known one, or is what another program calls the same thing, the hint says
    so. `me dag schema` lists all keys. Keys that begin with `x-` are yours: they are accepted
    everywhere and ignored.

    Example:

    ```yaml
    tasks:
      test:
        run: pytest
        timeuot: 10m
    ```

    Use instead:

    ```yaml
    tasks:
      test:
        run: pytest
        timeout: 10m
        x-note: the slow ones are left out
    ```
    """

    code = "ME201"


class WrongType(GrammarError):
    """A value is of another kind than its key takes.

    Text is never read as a number, nor a number as text, and a key that is written without a value
    is an error: to get the default, leave the key out. In YAML `yes` and `on` are text here, `3` is a
    number, and `"3"` is text.

    Example:

    ```yaml
    tasks:
      test:
        run: pytest
        priority: "3"
    ```

    Use instead:

    ```yaml
    tasks:
      test:
        run: pytest
        priority: 3
    ```
    """

    code = "ME202"


class MissingKey(GrammarError):
    """A map lacks a key that it cannot do without.

    The message names it. Without `tasks` there is nothing to do; a file in `context` needs its
    `path`; a `repeat` needs both `until` and `max`, so that it ends.

    Example:

    ```yaml
    name: empty
    ```

    Use instead:

    ```yaml
    name: small
    tasks:
      hello:
        run: echo hello
    ```
    """

    code = "ME203"


class UnknownValue(GrammarError):
    """A value is none of those that its key knows.

    Some keys take one of a few words. They are written exactly as `me dag schema` lists them, in
    lower case.

    Example:

    ```yaml
    tasks:
      publish:
        run: ./publish
        effects: extern
    ```

    Use instead:

    ```yaml
    tasks:
      publish:
        run: ./publish
        effects: external
    ```
    """

    code = "ME204"


class ValueOutOfRange(GrammarError):
    """A value is too small, too large, too short, or empty.

    Counts begin at 0 or 1, percentages end at 100, commands and paths are not empty, and a map that
    stands for at least one thing holds at least one.

    Example:

    ```yaml
    concurrency: {max: 0}
    tasks:
      hello:
        run: echo hello
    ```

    Use instead:

    ```yaml
    concurrency: {max: 1}
    tasks:
      hello:
        run: echo hello
    ```
    """

    code = "ME205"


class BadDuration(GrammarError):
    """A duration, or a span of two, is not written as one.

    A duration is a number and a unit, or several in a row: `500ms`, `90s`, `10m`, `1h30m`, `2d`. A
    number alone is refused, because nobody can tell seconds from minutes. The wait between retries is
    a span, from the first wait to the longest: `2s..1m`.

    Example:

    ```yaml
    tasks:
      test:
        run: pytest
        timeout: 10
    ```

    Use instead:

    ```yaml
    tasks:
      test:
        run: pytest
        timeout: 10m
    ```
    """

    code = "ME206"


class NoWork(GrammarError):
    """A task does nothing.

    Each task has exactly one of `run`, `role`, `python`, `graph` and `approve`. To wait for several
    tasks and do nothing more, there is no need for a task: list them all in `needs`.

    Example:

    ```yaml
    tasks:
      test:
        timeout: 10m
    ```

    Use instead:

    ```yaml
    tasks:
      test:
        run: pytest
        timeout: 10m
    ```
    """

    code = "ME207"


class SeveralWorks(GrammarError):
    """A task does more than one thing.

    Each task has exactly one of `run`, `role`, `python`, `graph` and `approve`, so that each piece of
    work has its own result, retries and reason. Make two tasks, and join them with `needs`.

    Example:

    ```yaml
    tasks:
      release:
        approve: Publish the release?
        run: ./publish
    ```

    Use instead:

    ```yaml
    tasks:
      ask:
        approve: Publish the release?
      release:
        run: ./publish
        needs: [ask]
    ```
    """

    code = "ME208"


class BadName(GrammarError):
    """A name has characters that names cannot have.

    Task ids have letters, digits, `_`, and single `-` inside; names of parameters, inputs and
    variables have no `-`, so that expressions can use them as they are. Neither begins with a digit.
    Labels, such as those of pools and tags, only must not be empty or hold white space.

    Example:

    ```yaml
    tasks:
      unit tests:
        run: pytest
    ```

    Use instead:

    ```yaml
    tasks:
      unit-tests:
        run: pytest
    ```
    """

    code = "ME209"


class ExpressionExpected(GrammarError):
    """A key takes one expression, and nothing else.

    `if`, `each` and `repeat.until` are computed: write `${{ … }}` around the whole of it. Without
    the braces the text would always count as true.

    Example:

    ```yaml
    params: {full: {type: boolean, default: false}}
    tasks:
      test:
        run: pytest
        if: params.full
    ```

    Use instead:

    ```yaml
    params: {full: {type: boolean, default: false}}
    tasks:
      test:
        run: pytest
        if: ${{ params.full }}
    ```
    """

    code = "ME210"


class KeyOutOfPlace(GrammarError):
    """A key does not go with the other keys beside it.

    Some keys only mean something beside another one: `prompt` beside `role`, `path` of an output
    beside `from: file`, `minimum` beside a number's `type`. Accepting and ignoring them would hide
    the mistake.

    Example:

    ```yaml
    tasks:
      report:
        run: ./report > report.json
        output: {path: report.json}
    ```

    Use instead:

    ```yaml
    tasks:
      report:
        run: ./report > report.json
        output: {from: file, path: report.json}
    ```
    """

    code = "ME211"


class UnknownVersion(GrammarError):
    """The file asks for a version of the format that this program does not know.

    There is one version so far, `version: 1`, and it is the default. A file of a later version needs
    a later program.

    Example:

    ```yaml
    version: 2
    tasks:
      hello:
        run: echo hello
    ```

    Use instead:

    ```yaml
    version: 1
    tasks:
      hello:
        run: echo hello
    ```
    """

    code = "ME212"


class BadCommand(GrammarError):
    """A command is neither text nor a list of texts.

    Text goes to `sh -c`. A list is a program and its arguments, without a shell; its words are text,
    so numbers, `true` and `null` need quotes.

    Example:

    ```yaml
    tasks:
      wait:
        run: [sleep, 1]
    ```

    Use instead:

    ```yaml
    tasks:
      wait:
        run: [sleep, "1"]
    ```
    """

    code = "ME213"


class RepeatedNeed(GrammarError):
    """A task is listed twice in `needs`.

    Once is enough, and the second one was probably meant to be another task.

    Example:

    ```yaml
    tasks:
      build:
        run: make
      test:
        run: make test
        needs: [build, build]
    ```

    Use instead:

    ```yaml
    tasks:
      build:
        run: make
      test:
        run: make test
        needs: [build]
    ```
    """

    code = "ME214"


class BadPattern(GrammarError):
    """A pattern is not written as one.

    `pattern` takes the name of a pattern, or a map from that one name to its settings.

    Example:

    ```yaml
    tasks:
      review:
        role: reviewer
        pattern: {name: consensus, n: 3}
    ```

    Use instead:

    ```yaml
    tasks:
      review:
        role: reviewer
        pattern: {consensus: {n: 3}}
    ```
    """

    code = "ME215"


class BadSpelling(GrammarError):
    """A small text with a form of its own is not written in that form.

    Token counts (`400k`, `1.5M`), shares of items (`2/3`), ranges of lines (`10..40`), callables
    (`module:function`), the lists of a matrix and regular expressions each have one spelling, which
    the hint shows.

    Example:

    ```yaml
    tasks:
      review:
        role: reviewer
        budget: {tokens: 400 thousand}
    ```

    Use instead:

    ```yaml
    tasks:
      review:
        role: reviewer
        budget: {tokens: 400k}
    ```
    """

    code = "ME216"
