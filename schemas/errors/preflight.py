"""ME52x: what would make every attempt of a task fail, found before anything starts."""

from __future__ import annotations

from .base import InputError


class UnknownRuntime(InputError):
    r"""A task, or `budgets.yaml`, names a runtime that is not installed.

    A runtime is the way in which attempts are carried out. `command`, `python`, `replay` and those of the
    clients are part of this program; others come with packages that register them under the entry point
    group `metaensemble.runtimes`.

    Example:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: "true", runtime: comand}}\n' > x.yaml
    me dag run x.yaml
    ```

    Use instead:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: "true", runtime: command}}\n' > x.yaml
    me dag run x.yaml
    ```
    """

    code = "ME520"


class MissingProgram(InputError):
    r"""The program of a command was not found, or may not be executed.

    It is looked for before anything starts: on the PATH (the task's own, if its `env` sets one), or
    relative to the task's `cwd` when the name holds a slash. A program whose name comes from another
    task is looked for when its attempt starts, and so is one that a shell text names.

    Example:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: [no-such-program]}}\n' > x.yaml
    me dag run x.yaml
    ```

    Use instead:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: [echo, hello]}}\n' > x.yaml
    me dag run x.yaml
    ```
    """

    code = "ME521"


class MissingDirectory(InputError):
    r"""The working directory of a task does not exist.

    `cwd` is relative to the project's root, which is also its default. A directory that an earlier
    task makes does not exist yet when the DAG run starts: let the command itself change into it.

    Example:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: ls, cwd: build}}\n' > x.yaml
    me dag run x.yaml
    ```

    Use instead:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: "mkdir -p build && cd build && ls"}}\n' > x.yaml
    me dag run x.yaml
    ```
    """

    code = "ME522"


class SecretNotSet(InputError):
    r"""A task declares a secret that is not in the environment.

    `secrets` lists names of environment variables whose values are masked in everything that is
    stored. One that is missing or empty would make the command fail in its own way, later.

    Example:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: "true", secrets: [DEPLOY_TOKEN]}}\n' > x.yaml
    me dag run x.yaml
    ```

    Use instead:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: "true", secrets: [DEPLOY_TOKEN]}}\n' > x.yaml
    DEPLOY_TOKEN=correct-horse me dag run x.yaml
    ```
    """

    code = "ME523"


class SecretTooShort(InputError):
    r"""The value of a declared secret is too short to be masked.

    A secret is found in what a command prints by its value. One of fewer than 8 characters would
    also be found in text that has nothing to do with it, and is easily guessed from its mask.

    Example:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: "true", secrets: [PIN]}}\n' > x.yaml
    PIN=1234 me dag run x.yaml
    ```

    Use instead:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: "true", secrets: [PIN]}}\n' > x.yaml
    PIN=1234-5678-9012 me dag run x.yaml
    ```
    """

    code = "ME524"


class ClashingInputs(InputError):
    r"""Two inputs of a task would reach its command under one name.

    The input `file_name` becomes the variable `ME_IN_FILE_NAME`, in capitals, so that names which
    differ only in case clash. On standard input, and among the arguments of a Python callable,
    `briefs` is the name of what the tasks before handed on.

    Example:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: "true", with: {name: 1, NAME: 2}}}\n' > x.yaml
    me dag run x.yaml
    ```

    Use instead:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: "true", with: {first: 1, second: 2}}}\n' > x.yaml
    me dag run x.yaml
    ```
    """

    code = "ME525"


class RecordingsMissing(InputError):
    r"""A task is to be played from recorded attempts, and there are none that can be read.

    The runtime `replay` does nothing itself: it gives the results that `--replay FILE` holds, one
    JSON object per line.

    Example:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: "true", runtime: replay}}\n' > x.yaml
    me dag run x.yaml
    ```

    Use instead:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: "true", runtime: replay}}\n' > x.yaml
    printf '{"node": "a", "outcome": "ok", "output": "done"}\n' > attempts.jsonl
    me dag run x.yaml --replay attempts.jsonl
    ```
    """

    code = "ME526"
