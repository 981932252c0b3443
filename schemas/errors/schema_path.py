"""A place in the grammar that does not exist."""

from __future__ import annotations

from .base import InputError


class UnknownSchemaPath(InputError):
    """`me dag schema` was asked about a key that the grammar does not have.

    A path names keys from the top of a task graph downwards, with dots between them. Names that are
    yours, such as the ids of tasks and the names of parameters, are left out: `tasks.retry.max` is
    the key `max` of `retry` in any task. Without a path the command lists the top.

    Example:

    ```sh
    me dag schema tasks.rerty
    ```

    Use instead:

    ```sh
    me dag schema tasks.retry
    ```
    """

    code = "ME550"
