"""Errors of reading a graph file: the file itself, its encoding, and how large its content may be."""

from __future__ import annotations

from .base import InputError


class SourceError(InputError):
    """A graph file cannot be read, or is not the YAML that this program accepts."""


class SourceMissing(SourceError):
    r"""The file does not exist.

    There is nothing at the path that was given. A relative path counts from the directory that the
    command is started in, and not from the project's root.

    Example:

    ```sh
    me dag validate relaese.yaml
    ```

    Use instead:

    ```sh
    printf 'tasks:\n  hello:\n    run: echo hello\n' > release.yaml
    me dag validate release.yaml
    ```
    """

    code = "ME101"


class SourceUnreadable(SourceError):
    r"""The path is not a file that can be read.

    It is a directory, a device or a pipe, or the system refuses to open it: no permission, a broken
    link, a disk that does not answer. A graph is always read from a regular file, because a resume
    must be able to tell whether it has changed.

    Example:

    ```sh
    mkdir graphs
    me dag validate graphs
    ```

    Use instead:

    ```sh
    mkdir graphs
    printf 'tasks:\n  hello:\n    run: echo hello\n' > graphs/hello.yaml
    me dag validate graphs/hello.yaml
    ```
    """

    code = "ME102"


class SourceTooLarge(SourceError):
    r"""The file is larger than a graph can sensibly be.

    The limit is 10 MB, room for about 100,000 tasks. Larger files are mostly data that was passed by
    mistake; only their size is looked at. Work on many items of data belongs in one task with
    `each`, whose items come from another task's output.

    Example:

    ```sh
    head -c 10000001 /dev/zero | tr '\0' '#' > data.yaml
    me dag validate data.yaml
    ```

    Use instead:

    ```sh
    printf 'tasks:\n  count:\n    run: wc -c data.csv\n' > count.yaml
    me dag validate count.yaml
    ```
    """

    code = "ME103"


class SourceNotText(SourceError):
    r"""The file holds characters that no text file has.

    A NUL or another control character says that this is no text: an image, an archive, a compiled
    file, or text in UTF-16. YAML allows no control characters but tab and line ends; in double
    quotes they can be written as an escape, such as `"\x1b"`.

    Example:

    ```sh
    printf 'tasks: \000\001\002' > graph.yaml
    me dag validate graph.yaml
    ```

    Use instead:

    ```sh
    printf 'tasks:\n  red:\n    run: ["printf", "\\x1b[31mred"]\n' > graph.yaml
    me dag validate graph.yaml
    ```
    """

    code = "ME104"


class SourceNotUtf8(SourceError):
    r"""The file is not encoded in UTF-8.

    YAML files are read as UTF-8 and nothing else, so that a file means the same on every machine. A
    byte order mark at the start is accepted. Most editors can save a file in another encoding, and
    `iconv -f latin1 -t utf-8` converts one.

    Example:

    ```sh
    printf 'tasks:\n  hello:\n    run: echo gr\374n\n' > latin.yaml
    me dag validate latin.yaml
    ```

    Use instead:

    ```sh
    printf 'tasks:\n  hello:\n    run: echo gr\303\274n\n' > utf8.yaml
    me dag validate utf8.yaml
    ```
    """

    code = "ME105"


class SourceEmpty(SourceError):
    """The file holds nothing but white space and comments.

    A graph has at least one task. An empty file is mostly one that an editor has not saved yet, or
    that a failed command left behind.

    Example:

    ```yaml
    # to be written
    ```

    Use instead:

    ```yaml
    tasks:
      hello:
        run: echo hello
    ```
    """

    code = "ME106"


class YamlTooDeep(SourceError):
    r"""Maps and lists are nested more than 100 levels deep.

    No graph needs that. It is refused before anything is built from it, because deep nesting is a
    known way to crash YAML readers. Values of that kind can be passed as JSON in a file.

    Example:

    ```sh
    printf 'x-data: %0200d\n' 0 | tr 0 '[' > deep.yaml
    me dag validate deep.yaml
    ```

    Use instead:

    ```sh
    printf 'x-data: [[0]]\ntasks:\n  hello:\n    run: echo hello\n' > flat.yaml
    me dag validate flat.yaml
    ```
    """

    code = "ME117"


class TooManyAliases(SourceError):
    """The aliases of the file stand for too many values.

    Each `*name` stands for all that its anchor `&name` marks. Anchors that hold aliases of anchors
    multiply, and a file of ten lines can stand for billions of values. Up to 100,000 repeated values
    are accepted.

    Example:

    ```yaml
    x-a: &a [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    x-b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
    x-c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
    x-d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
    x-e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
    tasks:
      hello:
        run: echo hello
        with: {everything: *e}
    ```

    Use instead:

    ```yaml
    x-a: &a [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    tasks:
      hello:
        run: echo hello
        with: {everything: *a}
    ```
    """

    code = "ME118"
