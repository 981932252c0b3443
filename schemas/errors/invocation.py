"""ME5xx: the command line, the parameters, and what is checked before anything starts."""

from __future__ import annotations

from .base import InputError

# ---- ME50x: what this version cannot carry out ------------------------------------------------------


class KeyNotBuilt(InputError):
    """The graph uses a key that this version knows and does not carry out yet.

    The key is part of the format, so the file is valid and `me dag plan` shows it. It is refused
    when the graph is to run, because a limit or a check that silently does nothing would be worse.

    Example:

    ```sh
    printf 'version: 1\\nname: x\\nbudget: {usd: 3.0}\\ntasks: {a: {run: "true"}}\\n' > x.yaml
    me dag run x.yaml
    ```

    Use instead:

    ```sh
    printf 'version: 1\\nname: x\\ntasks: {a: {run: "true"}}\\n' > x.yaml
    me dag run x.yaml
    ```
    """

    code = "ME501"


# ---- ME51x: parameters -------------------------------------------------------------------------------


class UnknownParameter(InputError):
    """A parameter was given that the graph does not declare.

    The graph's `params` say which there are.

    Example:

    ```sh
    printf 'version: 1\\nname: x\\nparams: {who: {default: you}}\\ntasks: {a: {run: "echo ${{ params.who }}"}}\\n' > x.yaml
    me dag plan x.yaml --param woh=me
    ```

    Use instead:

    ```sh
    printf 'version: 1\\nname: x\\nparams: {who: {default: you}}\\ntasks: {a: {run: "echo ${{ params.who }}"}}\\n' > x.yaml
    me dag plan x.yaml --param who=me
    ```
    """

    code = "ME510"


class MissingParameter(InputError):
    """A parameter without a default was not given.

    Example:

    ```sh
    printf 'version: 1\\nname: x\\nparams: {who: {}}\\ntasks: {a: {run: "echo ${{ params.who }}"}}\\n' > x.yaml
    me dag plan x.yaml
    ```

    Use instead:

    ```sh
    printf 'version: 1\\nname: x\\nparams: {who: {}}\\ntasks: {a: {run: "echo ${{ params.who }}"}}\\n' > x.yaml
    me dag plan x.yaml --param who=me
    ```
    """

    code = "ME511"


class WrongParameterType(InputError):
    """The value that was given for a parameter is not of its type.

    `integer` and `number` take numbers, `boolean` takes `true` or `false`, `json` takes JSON text.

    Example:

    ```sh
    printf 'version: 1\\nname: x\\nparams: {n: {type: integer}}\\ntasks: {a: {run: "echo ${{ params.n }}"}}\\n' > x.yaml
    me dag plan x.yaml --param n=many
    ```

    Use instead:

    ```sh
    printf 'version: 1\\nname: x\\nparams: {n: {type: integer}}\\ntasks: {a: {run: "echo ${{ params.n }}"}}\\n' > x.yaml
    me dag plan x.yaml --param n=3
    ```
    """

    code = "ME512"


class ParameterNotAllowed(InputError):
    """The value of a parameter is of its type, and not among the values that are allowed.

    `minimum`, `maximum`, `choices` and `pattern` in the graph's `params` say what is.

    Example:

    ```sh
    printf 'version: 1\\nname: x\\nparams: {n: {type: integer, maximum: 9}}\\ntasks: {a: {run: "echo ${{ params.n }}"}}\\n' > x.yaml
    me dag plan x.yaml --param n=10
    ```

    Use instead:

    ```sh
    printf 'version: 1\\nname: x\\nparams: {n: {type: integer, maximum: 9}}\\ntasks: {a: {run: "echo ${{ params.n }}"}}\\n' > x.yaml
    me dag plan x.yaml --param n=9
    ```
    """

    code = "ME513"


class BadDefault(InputError):
    """The default of a parameter is not a value that the parameter allows.

    It must be of the parameter's type and within its limits, as a value given on the command line.

    Example:

    ```yaml
    version: 1
    name: vote
    params: {voters: {type: integer, default: three}}
    tasks: {vote: {run: "echo ${{ params.voters }}"}}
    ```

    Use instead:

    ```yaml
    version: 1
    name: vote
    params: {voters: {type: integer, default: 3}}
    tasks: {vote: {run: "echo ${{ params.voters }}"}}
    ```
    """

    code = "ME514"


# ---- ME53x to ME55x: what was typed ------------------------------------------------------------------


class UnknownFlag(InputError):
    """A flag that this command does not have.

    Every command lists its flags with `--help`. Flags belong to one command: `--param` is a flag of
    `me dag run` and `me dag plan`, not of `me dag validate`.

    Example:

    ```sh
    me dag list --parm x=1
    ```

    Use instead:

    ```sh
    me dag list --limit 5
    ```
    """

    code = "ME530"


class UnknownCommand(InputError):
    """There is no command of this name.

    `me --help` lists the groups, `me dag --help` the commands of one group.

    Example:

    ```sh
    me dag lst
    ```

    Use instead:

    ```sh
    me dag list
    ```
    """

    code = "ME531"


class MissingArgument(InputError):
    """A command was called without something that it needs, or a flag without its value.

    The usage line of `--help` shows in capitals what a command needs; what stands in brackets may be
    left out.

    Example:

    ```sh
    me dag validate
    ```

    Use instead:

    ```sh
    me dag validate --help
    ```
    """

    code = "ME532"


class BadFlagValue(InputError):
    """A flag or an argument has a value that it cannot take.

    A number was expected and something else was given, or the value is not one of the listed ones.

    Example:

    ```sh
    me dag list --limit many
    ```

    Use instead:

    ```sh
    me dag list --limit 5
    ```
    """

    code = "ME533"


class RepeatedFlag(InputError):
    """A flag that counts once was given twice, or two `--param` give the same name.

    Taking the last one silently would run something else than half of the command line says.

    Example:

    ```sh
    me dag list --limit 5 --limit 6
    ```

    Use instead:

    ```sh
    me dag list --limit 6
    ```
    """

    code = "ME534"


class UnexpectedArgument(InputError):
    """More was given than the command takes.

    Often a value with a space in it that was not quoted, so that the shell made two words of it.

    Example:

    ```sh
    me dag list everything
    ```

    Use instead:

    ```sh
    me dag list
    ```
    """

    code = "ME535"


class MalformedPair(InputError):
    """`--param` takes `NAME=VALUE`, `--lost` takes `NODE=rerun` or `NODE=fail`.

    Everything after the first `=` is the value, further `=` included; it may be empty. Quote the
    whole of it for the shell when it has spaces.

    Example:

    ```sh
    me dag plan graph.yaml --param voters
    ```

    Use instead:

    ```sh
    cat >graph.yaml <<'END'
    version: 1
    name: pair
    params:
      voters: {type: integer, default: 3}
    tasks:
      count:
        run: [echo, "${{ params.voters }}"]
    END
    me dag plan graph.yaml --param voters=5
    ```
    """

    code = "ME536"


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

    `me dag resume` without an id takes the newest DAG run of the project that has not ended `ok`.
    `me dag list` shows them with their states.

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


class UnknownCode(InputError):
    """`me explain` knows no error code and no failure reason of that name.

    Codes are `ME` and three digits; failure reasons are the words that stand beside a failed node,
    such as `output_invalid`. `me explain` alone lists both.

    Example:

    ```sh
    me explain ME000
    ```

    Use instead:

    ```sh
    me explain output_invalid
    ```
    """

    code = "ME541"


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
    """The node has no attempt of that number, or none at all.

    Attempts count from 1, one for each try. A node that was skipped, blocked or not reached yet has
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


class CannotWriteFile(InputError):
    """The file that a flag names for the result cannot be written.

    Its directory does not exist, it is a directory itself, the permissions forbid it, or the disk is
    full. Without the flag the result goes to standard output.

    Example:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      hello: {run: echo hello}
    END
    me dag render graph.yaml --format dot -o no/such/directory/graph.dot
    ```

    Use instead:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      hello: {run: echo hello}
    END
    me dag render graph.yaml --format dot -o graph.dot
    ```
    """

    code = "ME544"
