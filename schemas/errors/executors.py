"""Executors that cannot be used as they are."""

from __future__ import annotations

from .base import InputError


class ExecutorUnusable(InputError):
    """No Executor of the project has this alias, or the one that has it cannot do this.

    `me executors` lists them. An Executor is made when a Role is given its first task; its alias is the
    Role's prefix and some hexadecimal digits, such as `arch-7b3`. It has that one Role for its whole life,
    so a task of another Role cannot name it. One is retired by itself, or together with its Role when that
    is archived; `me roles restore NAME` brings both back. The registry is the project's own: an alias of
    another project is not known here.

    Example:

    ```sh
    me relaunch nobody-000
    ```

    Use instead:

    ```sh
    me executors
    ```
    """

    code = "ME396"
