"""ME53x and ME54x: words and flags that were typed."""

from __future__ import annotations

from .base import InputError


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


class WorkingDirectoryGone(InputError):
    """The directory that the command was typed in does not exist any more.

    The project is looked for from there upwards, and typed paths are relative to it. Somebody removed
    or replaced it while this shell stood in it (a build that cleans up, a branch that was changed).

    Example:

    ```sh
    mkdir here && cd here && rmdir ../here
    me dag status
    ```

    Use instead:

    ```sh
    mkdir here && cd here
    me dag list
    ```
    """

    code = "ME545"


class DirectoryClosed(InputError):
    """A directory on the way to the project's root cannot be looked into, so the project is not known.

    The root is the nearest directory upwards that holds `.metaensemble`, or else `.git`. Where the
    system does not let this user look, whether there is one cannot be told, and taking the next one
    could mix up two projects. `ls -ld` shows who may enter the directory.

    Example:

    ```python
    from pathlib import Path
    from metaensemble.engine.project import find_project
    find_project(Path("/" + "deeper-than-any-system-goes/" * 500))
    ```

    Use instead:

    ```python
    from pathlib import Path
    from metaensemble.engine.project import find_project
    find_project(Path.cwd())
    ```
    """

    code = "ME546"


class CannotWriteOutput(InputError):
    """Standard output does not take what the command has to say.

    It was redirected to a file on a full disk, or to a device that refuses to be written. What the
    command did is done: a DAG run that ended is recorded, and `me dag status` shows it. A DAG run that
    did not end ok keeps its own exit code. A reader that has seen enough, as in `me dag list | head`,
    is no error.

    Example:

    ```sh
    me dag list --json >/dev/full
    ```

    Use instead:

    ```sh
    me dag list --json >list.json
    ```
    """

    code = "ME547"


class NoDrawingProgram(InputError):
    """PNG and PDF are drawn by the program `dot` of graphviz, and it is not there or cannot do it.

    The package manager of the system has it under the name `graphviz` (`apt install graphviz`,
    `dnf install graphviz`, `brew install graphviz`). SVG needs no other program, and neither do the
    other formats; browsers show SVG, and most drawing programs turn it into PNG or PDF.

    Example:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      hello: {run: echo hello}
    END
    PATH=/nowhere "$(command -v me)" dag render graph.yaml -o graph.png
    ```

    Use instead:

    ```sh
    cat >graph.yaml <<'END'
    tasks:
      hello: {run: echo hello}
    END
    me dag render graph.yaml -o graph.svg
    ```
    """

    code = "ME548"
