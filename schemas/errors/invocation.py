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
