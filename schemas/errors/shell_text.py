"""Expressions in shell text: where in a `run:` string a value can safely stand (ME42x)."""

from __future__ import annotations

from .expression import ExpressionError


class ShellTextError(ExpressionError):
    """The root of what can be wrong with the place of an expression in a `run:` string."""


class ExpressionInSingleQuotes(ShellTextError):
    """An expression stands inside single quotes, where the shell puts in nothing.

    In a `run:` string an expression becomes a reference to an environment variable, so that no
    value is ever read as shell text. Inside single quotes the shell would leave the reference as it
    is. Use double quotes, or no quotes: both are safe whatever the value holds.

    Example:

    ```yaml
    version: 1
    name: greet
    params: {who: {type: string, default: world}}
    tasks:
      hello:
        run: echo 'Hello ${{ params.who }}'
    ```

    Use instead:

    ```yaml
    version: 1
    name: greet
    params: {who: {type: string, default: world}}
    tasks:
      hello:
        run: echo "Hello ${{ params.who }}"
    ```
    """

    code = "ME421"


class ExpressionInBackticks(ShellTextError):
    """An expression stands inside backticks, whose quoting cannot be followed safely.

    `$(…)` does the same and nests cleanly.

    Example:

    ```yaml
    version: 1
    name: count
    params: {dir: {type: string, default: .}}
    tasks:
      count:
        run: echo `ls ${{ params.dir }}`
    ```

    Use instead:

    ```yaml
    version: 1
    name: count
    params: {dir: {type: string, default: .}}
    tasks:
      count:
        run: echo "$(ls ${{ params.dir }})"
    ```
    """

    code = "ME422"


class ExpressionInComment(ShellTextError):
    """An expression stands in a comment of a `run:` string, where it does nothing.

    It would still make this task wait for others. Remove it, or move it out of the comment; a `#`
    inside a word or in quotes begins no comment.

    Example:

    ```yaml
    version: 1
    name: greet
    params: {who: {type: string, default: world}}
    tasks:
      hello:
        run: |
          # says hello to ${{ params.who }}
          echo hello
    ```

    Use instead:

    ```yaml
    version: 1
    name: greet
    params: {who: {type: string, default: world}}
    tasks:
      hello:
        run: |
          # says hello
          echo hello ${{ params.who }}
    ```
    """

    code = "ME423"


class ExpressionInQuotedHereDocument(ShellTextError):
    """An expression stands in a here-document with a quoted delimiter, where nothing is put in.

    `<<'END'` tells the shell to leave the text alone. Without the quotes, references are put in; a
    `$` that shall stay is then written `\\$`.

    Example:

    ```yaml
    version: 1
    name: write
    params: {who: {type: string, default: world}}
    tasks:
      write:
        run: |
          cat <<'END'
          hello ${{ params.who }}
          END
    ```

    Use instead:

    ```yaml
    version: 1
    name: write
    params: {who: {type: string, default: world}}
    tasks:
      write:
        run: |
          cat <<END
          hello ${{ params.who }}
          END
    ```
    """

    code = "ME424"


class ExpressionAfterEscape(ShellTextError):
    """An expression stands right behind a backslash or a `$`, which would change its meaning.

    The backslash would escape the reference that the expression becomes, and a `$` would join it.
    Remove the character, or escape it with a backslash before it.

    Example:

    ```yaml
    version: 1
    name: price
    params: {price: {type: string, default: "10"}}
    tasks:
      price:
        run: echo costs $${{ params.price }}
    ```

    Use instead:

    ```yaml
    version: 1
    name: price
    params: {price: {type: string, default: "10"}}
    tasks:
      price:
        run: echo costs \\$${{ params.price }}
    ```
    """

    code = "ME425"


class OpenShellText(ShellTextError):
    """A quote, parenthesis or here-document in a `run:` string is never closed.

    The shell would refuse the command, and the place of an expression in it cannot be told. The same
    is said where shells disagree about how to read a text, as about `&>`.

    Example:

    ```yaml
    version: 1
    name: greet
    params: {who: {type: string, default: world}}
    tasks:
      hello:
        run: echo ${{ params.who }} "and all
    ```

    Use instead:

    ```yaml
    version: 1
    name: greet
    params: {who: {type: string, default: world}}
    tasks:
      hello:
        run: echo ${{ params.who }} "and all"
    ```
    """

    code = "ME426"


class ExpressionInEvaluatedText(ShellTextError):
    """An expression stands where a shell evaluates text a second time.

    Inside `$((…))`, `((…))`, `[[ … ]]`, array subscripts, the names of variables that `read`, `unset`
    and the like are given, and the less common forms of `${…}`, some shells run commands that a value
    holds. Do the arithmetic inside the expression, use `[ … ]`, or put the value into a variable first
    and use that.

    Example:

    ```yaml
    version: 1
    name: sum
    params: {n: {type: integer, default: 1}}
    tasks:
      sum:
        run: echo $(( ${{ params.n }} + 1 ))
    ```

    Use instead:

    ```yaml
    version: 1
    name: sum
    params: {n: {type: integer, default: 1}}
    tasks:
      sum:
        run: echo ${{ params.n + 1 }}
    ```
    """

    code = "ME427"


class ExpressionInCode(ShellTextError):
    """An expression stands in text that a further program reads as code.

    The arguments of `eval`, `trap` and `sh -c` are shell text, also in a list of words and behind
    programs such as `env` and `sudo`, and so is what `ssh` sends and what is piped into a shell; the
    program of `python -c`, `awk`, `sed` and the like is code in another language. A value there would
    be run, whatever quotes stand around it. Hand the value over as an argument or by `env`, and let
    the text refer to it in single quotes. (GNU sed runs nothing with `--sandbox`.)

    Example:

    ```yaml
    version: 1
    name: greet
    params: {who: {type: string, default: world}}
    tasks:
      hello:
        run: bash -c "echo ${{ params.who }}"
    ```

    Use instead:

    ```yaml
    version: 1
    name: greet
    params: {who: {type: string, default: world}}
    tasks:
      hello:
        run: bash -c 'echo "$1"' bash ${{ params.who }}
    ```
    """

    code = "ME428"
