"""ME56x: what is wrong with a Python callable, found before anything starts."""

from __future__ import annotations

from .base import InputError


class ModuleMissing(InputError):
    r"""The module of a Python callable does not exist.

    `python: steps.clean:run` is the function `run` in the module `steps.clean`. Modules are looked
    for in the project's root, that is in `steps/clean.py` there, and then where `me` is installed. A
    folder needs no `__init__.py`.

    Example:

    ```sh
    printf 'def run():\n    return 1\n' > clean.py
    printf 'version: 1\nname: x\ntasks: {a: {python: "claen:run"}}\n' > x.yaml
    me dag run x.yaml
    ```

    Use instead:

    ```sh
    printf 'def run():\n    return 1\n' > clean.py
    printf 'version: 1\nname: x\ntasks: {a: {python: "clean:run"}}\n' > x.yaml
    me dag run x.yaml
    ```
    """

    code = "ME560"


class ImportFailed(InputError):
    r"""The module of a Python callable cannot be imported.

    Importing a module runs what stands in it. It is imported before anything starts, with the task's
    variables and in a process that does nothing else, so that a mistake costs no DAG run. What needs
    time, or may fail, belongs into the function.

    Example:

    ```sh
    printf 'import no_such_library\n\ndef run():\n    return 1\n' > clean.py
    printf 'version: 1\nname: x\ntasks: {a: {python: "clean:run"}}\n' > x.yaml
    me dag run x.yaml
    ```

    Use instead:

    ```sh
    printf 'import json\n\ndef run():\n    return json.loads("1")\n' > clean.py
    printf 'version: 1\nname: x\ntasks: {a: {python: "clean:run"}}\n' > x.yaml
    me dag run x.yaml
    ```
    """

    code = "ME561"


class FunctionMissing(InputError):
    r"""The module of a Python callable has nothing of that name.

    Behind the colon stands the name of a function in the module, or with dots of one in a class or
    an object there.

    Example:

    ```sh
    printf 'def run():\n    return 1\n' > clean.py
    printf 'version: 1\nname: x\ntasks: {a: {python: "clean:rnu"}}\n' > x.yaml
    me dag run x.yaml
    ```

    Use instead:

    ```sh
    printf 'def run():\n    return 1\n' > clean.py
    printf 'version: 1\nname: x\ntasks: {a: {python: "clean:run"}}\n' > x.yaml
    me dag run x.yaml
    ```
    """

    code = "ME562"


class UnusableCallable(InputError):
    r"""What `python` names is there, and calling it gives no value.

    It is no function at all, or a generator, or a method that needs an object to be called on.

    Example:

    ```sh
    printf 'def run():\n    yield 1\n    yield 2\n' > clean.py
    printf 'version: 1\nname: x\ntasks: {a: {python: "clean:run"}}\n' > x.yaml
    me dag run x.yaml
    ```

    Use instead:

    ```sh
    printf 'def run():\n    return [1, 2]\n' > clean.py
    printf 'version: 1\nname: x\ntasks: {a: {python: "clean:run"}}\n' > x.yaml
    me dag run x.yaml
    ```
    """

    code = "ME563"


class UnfitInputs(InputError):
    r"""The inputs of a Python task do not fit the signature of its callable.

    Every name under `with` is a keyword argument. A parameter without a default must be among them,
    unless it is called `briefs`: that one gets what the tasks before handed on.

    Example:

    ```sh
    printf 'def run(path):\n    return path\n' > clean.py
    printf 'version: 1\nname: x\ntasks: {a: {python: "clean:run", with: {pth: data.csv}}}\n' > x.yaml
    me dag run x.yaml
    ```

    Use instead:

    ```sh
    printf 'def run(path):\n    return path\n' > clean.py
    printf 'version: 1\nname: x\ntasks: {a: {python: "clean:run", with: {path: data.csv}}}\n' > x.yaml
    me dag run x.yaml
    ```
    """

    code = "ME564"


class NeedsProcess(InputError):
    r"""A Python task asks for what only a process of its own can have.

    Variables, secrets and the working directory belong to a process. A callable that runs `in:
    thread` or `in: inline` has those of the program, which other tasks share.

    Example:

    ```sh
    printf 'def run():\n    return 1\n' > clean.py
    printf 'version: 1\nname: x\ntasks: {a: {python: "clean:run", in: thread, env: {A: b}}}\n' > x.yaml
    me dag run x.yaml
    ```

    Use instead:

    ```sh
    printf 'def run():\n    return 1\n' > clean.py
    printf 'version: 1\nname: x\ntasks: {a: {python: "clean:run", env: {A: b}}}\n' > x.yaml
    me dag run x.yaml
    ```
    """

    code = "ME565"


class WrongRuntime(InputError):
    r"""The runtime that a task names cannot do the task's kind of work.

    `runtime: python` calls Python callables, and nothing else. Left out, the runtime follows from
    the kind of work.

    Example:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: "true", runtime: python}}\n' > x.yaml
    me dag run x.yaml
    ```

    Use instead:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: "true"}}\n' > x.yaml
    me dag run x.yaml
    ```
    """

    code = "ME566"
