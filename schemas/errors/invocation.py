"""What a graph is started with: keys that cannot be carried out (ME50x), and parameters (ME51x)."""

from __future__ import annotations

from .base import InputError


class KeyNotBuilt(InputError):
    """The graph uses a key that this version knows and does not carry out yet.

    The key is part of the format, so the file is valid and `me dag plan` shows it. It is refused
    when the graph is to run, because a limit or a check that silently does nothing would be worse.

    Example:

    ```sh
    cat > x.yaml <<'END'
    version: 1
    name: x
    budget: {usd: 3.0}
    tasks: {a: {run: "true"}}
    END
    me dag run x.yaml
    ```

    Use instead:

    ```sh
    cat > x.yaml <<'END'
    version: 1
    name: x
    tasks: {a: {run: "true"}}
    END
    me dag run x.yaml
    ```
    """

    code = "ME501"


class UnknownParameter(InputError):
    """A parameter was given that the graph does not declare.

    The graph's `params` say which there are.

    Example:

    ```sh
    cat > x.yaml <<'END'
    version: 1
    name: x
    params: {who: {default: you}}
    tasks: {a: {run: "echo ${{ params.who }}"}}
    END
    me dag plan x.yaml --param woh=me
    ```

    Use instead:

    ```sh
    cat > x.yaml <<'END'
    version: 1
    name: x
    params: {who: {default: you}}
    tasks: {a: {run: "echo ${{ params.who }}"}}
    END
    me dag plan x.yaml --param who=me
    ```
    """

    code = "ME510"


class MissingParameter(InputError):
    """A parameter without a default was not given.

    The graph cannot guess its value. Whoever starts it gives one with `--param NAME=VALUE`; a default
    in the graph's `params` makes it optional.

    Example:

    ```sh
    cat > x.yaml <<'END'
    version: 1
    name: x
    params: {who: {}}
    tasks: {a: {run: "echo ${{ params.who }}"}}
    END
    me dag plan x.yaml
    ```

    Use instead:

    ```sh
    cat > x.yaml <<'END'
    version: 1
    name: x
    params: {who: {}}
    tasks: {a: {run: "echo ${{ params.who }}"}}
    END
    me dag plan x.yaml --param who=me
    ```
    """

    code = "ME511"


class WrongParameterType(InputError):
    """The value that was given for a parameter is not of its type.

    `integer` and `number` take numbers, `boolean` takes `true` or `false`, `json` takes JSON text.

    Example:

    ```sh
    cat > x.yaml <<'END'
    version: 1
    name: x
    params: {n: {type: integer}}
    tasks: {a: {run: "echo ${{ params.n }}"}}
    END
    me dag plan x.yaml --param n=many
    ```

    Use instead:

    ```sh
    cat > x.yaml <<'END'
    version: 1
    name: x
    params: {n: {type: integer}}
    tasks: {a: {run: "echo ${{ params.n }}"}}
    END
    me dag plan x.yaml --param n=3
    ```
    """

    code = "ME512"


class ParameterNotAllowed(InputError):
    """The value of a parameter is of its type, and not among the values that are allowed.

    `minimum`, `maximum`, `choices` and `pattern` in the graph's `params` say what is.

    Example:

    ```sh
    cat > x.yaml <<'END'
    version: 1
    name: x
    params: {n: {type: integer, maximum: 9}}
    tasks: {a: {run: "echo ${{ params.n }}"}}
    END
    me dag plan x.yaml --param n=10
    ```

    Use instead:

    ```sh
    cat > x.yaml <<'END'
    version: 1
    name: x
    params: {n: {type: integer, maximum: 9}}
    tasks: {a: {run: "echo ${{ params.n }}"}}
    END
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
