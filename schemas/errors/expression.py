"""Expressions: their syntax, what they refer to, and their values (ME40x, ME41x)."""

from __future__ import annotations

from .base import InputError


class ExpressionError(InputError):
    """The root of all errors of expressions."""


class UnterminatedExpression(ExpressionError):
    """An expression is never closed.

    An expression begins with `${{` and ends at the first `}}` outside a string. Here the `}}`, or
    the quote that ends a string inside the expression, is missing. The text `${{` itself is written
    `${{ "${{" }}`.

    Example:

    ```yaml
    version: 1
    name: greet
    params: {who: {type: string, default: world}}
    tasks:
      hello:
        run: [echo, "${{ params.who"]
    ```

    Use instead:

    ```yaml
    version: 1
    name: greet
    params: {who: {type: string, default: world}}
    tasks:
      hello:
        run: [echo, "${{ params.who }}"]
    ```
    """

    code = "ME401"


class ExpressionSyntax(ExpressionError):
    """An expression cannot be parsed.

    Expressions have the syntax of Jinja2's expressions: names with fields and `[…]`, the operators
    of arithmetic and comparison, `and`, `or`, `not`, `in`, `A if C else B`, filters (`x | length`)
    and tests (`x is defined`). Statements, assignments, and more than one expression in one pair of
    braces do not exist. An expression is also refused here when it is too long or too deeply nested.

    Example:

    ```yaml
    version: 1
    name: greet
    tasks:
      hello:
        run: [echo, "${{ 1 + }}"]
    ```

    Use instead:

    ```yaml
    version: 1
    name: greet
    tasks:
      hello:
        run: [echo, "${{ 1 + 1 }}"]
    ```
    """

    code = "ME402"


class UnknownName(ExpressionError):
    """An expression uses a bare name that means nothing here.

    Everything that an expression can see is namespaced: `params.X`, `env.X`, `matrix.X`, `run.id`,
    `tasks.ID.output`, `repeat.index`. The only bare name is the one that `as` gives to the item of
    a fan-out, inside that task. So a parameter is `params.who`, never `who`.

    Example:

    ```yaml
    version: 1
    name: greet
    params: {who: {type: string, default: world}}
    tasks:
      hello:
        run: echo ${{ who }}
    ```

    Use instead:

    ```yaml
    version: 1
    name: greet
    params: {who: {type: string, default: world}}
    tasks:
      hello:
        run: echo ${{ params.who }}
    ```
    """

    code = "ME403"


class UnknownFunction(ExpressionError):
    """An expression uses a function, filter or test that does not exist.

    `me dag functions` lists all of them. Values have no methods: `x.upper()` is written
    `x | upper`, and a field that happens to be called `items` is just a field. Nothing in the list
    reads a clock, a file or a source of randomness, so an expression gives the same value each time.

    Example:

    ```yaml
    version: 1
    name: greet
    params: {who: {type: string, default: world}}
    tasks:
      hello:
        run: echo ${{ params.who.upper() }}
    ```

    Use instead:

    ```yaml
    version: 1
    name: greet
    params: {who: {type: string, default: world}}
    tasks:
      hello:
        run: echo ${{ params.who | upper }}
    ```
    """

    code = "ME404"


class HyphenatedReference(ExpressionError):
    """A name with a hyphen is written after a dot, where the hyphen is a minus.

    `tasks.my-task.output` reads as `tasks.my` minus `task.output`. A name with a hyphen is written
    in brackets and quotes: `tasks["my-task"].output`.

    Example:

    ```yaml
    version: 1
    name: greet
    tasks:
      who-am-i: {run: whoami}
      hello: {run: "echo ${{ tasks.who-am-i.output }}"}
    ```

    Use instead:

    ```yaml
    version: 1
    name: greet
    tasks:
      who-am-i: {run: whoami}
      hello: {run: "echo ${{ tasks['who-am-i'].output }}"}
    ```
    """

    code = "ME405"


class UndeclaredKey(ExpressionError):
    """An expression refers to a parameter, variable or matrix key that is not declared.

    `params.X` needs `X` under the graph's `params`; `env.X` needs `X` under the task's own `env`
    (the environment of the program that runs the graph is not read, so that a graph says what it
    depends on); `matrix.X` needs `X` under the task's `matrix`.

    Example:

    ```yaml
    version: 1
    name: greet
    params: {who: {type: string, default: world}}
    tasks:
      hello:
        run: echo ${{ params.woh }}
    ```

    Use instead:

    ```yaml
    version: 1
    name: greet
    params: {who: {type: string, default: world}}
    tasks:
      hello:
        run: echo ${{ params.who }}
    ```
    """

    code = "ME406"


class UnknownTaskReference(ExpressionError):
    """An expression refers to a task that the graph does not have.

    `tasks.ID` needs a task of that id in the same file. The list in the message shows what would
    have been valid. The tasks of a sub-graph are not visible: it hands out what its `outputs` name.

    Example:

    ```yaml
    version: 1
    name: greet
    tasks:
      who: {run: whoami}
      hello: {run: "echo ${{ tasks.whom.output }}"}
    ```

    Use instead:

    ```yaml
    version: 1
    name: greet
    tasks:
      who: {run: whoami}
      hello: {run: "echo ${{ tasks.who.output }}"}
    ```
    """

    code = "ME407"


class ImpossibleReference(ExpressionError):
    """An expression refers to something that the task it names can never have.

    A task has `output` and `status`; `outputs` only with `each`, `matrix` or a pattern that makes
    items; `deliverable` only when it declares `deliverables`. Fields exist only in JSON: the output
    of a command is text unless `output` says `as: json` or gives a `schema`, and a schema without
    further properties has just the fields that it lists.

    Example:

    ```yaml
    version: 1
    name: count
    tasks:
      files: {run: "ls | wc -l"}
      show: {run: "echo ${{ tasks.files.output.count }}"}
    ```

    Use instead:

    ```yaml
    version: 1
    name: count
    tasks:
      files:
        run: printf '{"count":%d}' "$(ls | wc -l)"
        output: {as: json}
      show: {run: "echo ${{ tasks.files.output.count }}"}
    ```
    """

    code = "ME408"


class MisplacedReference(ExpressionError):
    """An expression refers to something that is not known at its place.

    `repeat.…` exists inside a task with `repeat`, `matrix.…` inside a task with `matrix`, the item
    of a fan-out inside the task with `each`. Settings that the plan needs, such as `timeout` or
    `writes`, are fixed before anything runs, so they can use `params`, `matrix` and `env` and no
    result of a task. A task cannot use its own output.

    Example:

    ```yaml
    version: 1
    name: slow
    tasks:
      limit: {run: echo 10s}
      work: {run: make, timeout: "${{ tasks.limit.output }}"}
    ```

    Use instead:

    ```yaml
    version: 1
    name: slow
    params: {limit: {type: string, default: 10s}}
    tasks:
      work: {run: make, timeout: "${{ params.limit }}"}
    ```
    """

    code = "ME409"


class SecretInExpression(ExpressionError):
    """An expression refers to a secret.

    The values of expressions are recorded with the DAG run; a secret must never be. A command finds
    its secrets in its environment, under the names that `secrets` lists.

    Example:

    ```yaml
    version: 1
    name: publish
    tasks:
      upload:
        secrets: [API_TOKEN]
        run: upload --token ${{ env.API_TOKEN }}
    ```

    Use instead:

    ```yaml
    version: 1
    name: publish
    tasks:
      upload:
        secrets: [API_TOKEN]
        run: upload --token "$API_TOKEN"
    ```
    """

    code = "ME410"


class EvaluationFailed(ExpressionError):
    """An expression has no value.

    The field that it asks for does not exist, the operands do not fit together, or the result
    cannot be written as JSON. `default` gives a value for what may be missing:
    `${{ tasks.a.output.note | default("none") }}`.

    Example:

    ```sh
    cat > x.yaml <<'END'
    version: 1
    name: share
    params: {parts: {type: integer, default: 0}}
    tasks:
      split:
        run: echo ${{ 100 // params.parts }}
    END
    me dag plan x.yaml
    ```

    Use instead:

    ```sh
    cat > x.yaml <<'END'
    version: 1
    name: share
    params: {parts: {type: integer, default: 4, minimum: 1}}
    tasks:
      split:
        run: echo ${{ 100 // params.parts }}
    END
    me dag plan x.yaml
    ```
    """

    code = "ME411"


class ExpressionTooLarge(ExpressionError):
    """An expression would make a value, or take work, beyond what expressions are for.

    The sizes of ranges, of repeated or joined text, of numbers and of results are bounded, and so is
    all that one expression does, counted in steps: a slip such as `10 ** 10 ** 10`, or a list of a
    hundred thousand items that is looked through once for each of them, cannot exhaust the machine or
    hold up the other tasks. Work of that size belongs in a command.

    Example:

    ```yaml
    version: 1
    name: fill
    tasks:
      fill:
        run: echo ${{ "x" * 1000000000 }}
    ```

    Use instead:

    ```yaml
    version: 1
    name: fill
    tasks:
      fill:
        run: head -c 1000000000 /dev/zero | tr '\\0' x
    ```
    """

    code = "ME412"


class ExpressionNotAllowed(ExpressionError):
    """An expression stands where a plain value is needed.

    The default of a parameter, `needs`, `secrets` and names are read before any expression can be
    evaluated. A value that depends on a parameter belongs into the task that uses it.

    Example:

    ```yaml
    version: 1
    name: build
    params:
      base: {type: string, default: out}
      target: {type: string, default: "${{ params.base }}/bin"}
    tasks:
      build: {run: "make DEST=${{ params.target }}"}
    ```

    Use instead:

    ```yaml
    version: 1
    name: build
    params:
      base: {type: string, default: out}
    tasks:
      build: {run: "make DEST=${{ params.base }}/bin"}
    ```
    """

    code = "ME413"


class WrongExpressionValue(ExpressionError):
    """The value of an expression does not fit the key that it stands for.

    A setting such as `timeout` or `priority` may be an expression over `params`; its value must
    then be what the key asks for.

    Example:

    ```sh
    cat > x.yaml <<'END'
    version: 1
    name: slow
    params: {limit: {type: string, default: soon}}
    tasks:
      work: {run: make, timeout: "${{ params.limit }}"}
    END
    me dag plan x.yaml
    ```

    Use instead:

    ```sh
    cat > x.yaml <<'END'
    version: 1
    name: slow
    params: {limit: {type: string, default: 90s}}
    tasks:
      work: {run: make, timeout: "${{ params.limit }}"}
    END
    me dag plan x.yaml
    ```
    """

    code = "ME414"
