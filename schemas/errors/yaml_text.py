"""Errors of a graph file's YAML: its syntax, and the parts of the language that are refused."""

from __future__ import annotations

from .source import SourceError


class YamlSyntax(SourceError):
    """The file is not YAML.

    The text breaks off or goes on where YAML does not allow it, so nothing behind that place can be
    understood; further errors may appear once it is mended. The likeliest causes are a value that
    needs quotes because it holds `: ` or ` #`, or begins with one of ``@ ` % * & [ { > |``, a bracket
    or quote that is never closed, and a line that is indented by a different number of spaces than
    its neighbours.

    Example:

    ```yaml
    tasks:
      hello:
        run: echo note: hello
    ```

    Use instead:

    ```yaml
    tasks:
      hello:
        run: "echo note: hello"
    ```
    """

    code = "ME110"


class DuplicateKey(SourceError):
    """A key stands twice in the same map.

    Most YAML programs keep the last one and drop the other in silence, which loses work. Here it is
    an error. It often comes from a task that was copied and not renamed.

    Example:

    ```yaml
    tasks:
      build:
        run: make
      build:
        run: make install
    ```

    Use instead:

    ```yaml
    tasks:
      build:
        run: make
      install:
        run: make install
        needs: [build]
    ```
    """

    code = "ME111"


class TabInYaml(SourceError):
    r"""A tab stands where YAML wants spaces.

    Indentation and the white space between the parts of a line are spaces. How wide a tab is, nobody
    knows but your editor, so its meaning would be a guess. Tabs inside quotes, inside a block of text
    under `|` or `>`, and in comments are fine.

    Example:

    ```sh
    printf 'tasks:\n\thello:\n\t\trun: echo hello\n' > tabs.yaml
    me dag validate tabs.yaml
    ```

    Use instead:

    ```sh
    printf 'tasks:\n  hello:\n    run: echo hello\n' > spaces.yaml
    me dag validate spaces.yaml
    ```
    """

    code = "ME112"


class UnquotedExpression(SourceError):
    """An expression inside `{ }` or `[ ]` is not in quotes.

    Inside brackets YAML takes the braces of `${{ … }}` for a map of its own. Put the whole value in
    quotes; the value keeps its type all the same. On a line of its own, outside brackets, no quotes
    are needed.

    Example:

    ```yaml
    params: {name: {default: you}}
    tasks:
      hello:
        run: [echo, ${{ params.name }}]
    ```

    Use instead:

    ```yaml
    params: {name: {default: you}}
    tasks:
      hello:
        run: [echo, "${{ params.name }}"]
    ```
    """

    code = "ME113"


class MergeKey(SourceError):
    """The merge key `<<` is not part of YAML 1.2.

    It was an extension of an older version, and programs differ in what it does to keys that stand
    on both sides. Values for every task belong in `defaults`; a single value can be repeated with an
    anchor and an alias.

    Example:

    ```yaml
    x-common: &common {timeout: 10m}
    tasks:
      hello:
        <<: *common
        run: echo hello
    ```

    Use instead:

    ```yaml
    defaults: {timeout: 10m}
    tasks:
      hello:
        run: echo hello
    ```
    """

    code = "ME114"


class TagInYaml(SourceError):
    """A value has a YAML tag.

    A tag, such as `!!python/object` or `!env`, asks the reader to make something of the value. This
    program makes data of YAML and nothing else, so a file can do no harm by being read. A value that
    shall begin with `!` needs quotes.

    Example:

    ```yaml
    tasks:
      hello:
        run: !shell echo hello
    ```

    Use instead:

    ```yaml
    tasks:
      hello:
        run: echo hello
    ```
    """

    code = "ME115"


class SeveralDocuments(SourceError):
    """The file holds more than one YAML document.

    A line `---` begins a new document, and a graph is one. Put the second one in a file of its own.
    One `---` at the very start is fine.

    Example:

    ```yaml
    tasks:
      build:
        run: make
    ---
    tasks:
      test:
        run: make test
    ```

    Use instead:

    ```yaml
    tasks:
      build:
        run: make
      test:
        run: make test
        needs: [build]
    ```
    """

    code = "ME116"


class UnknownAlias(SourceError):
    """An alias names no anchor that stands before it.

    A value that begins with `*` is an alias: it repeats the value that `&` with the same name marks
    further up. A glob such as `*.py` needs quotes, because it begins with `*` too. An anchor may not
    contain an alias of itself.

    Example:

    ```yaml
    tasks:
      test:
        run: pytest
        reads: [*py]
    ```

    Use instead:

    ```yaml
    tasks:
      test:
        run: pytest
        reads: ["*.py"]
    ```
    """

    code = "ME119"


class KeyNotText(SourceError):
    """The key of a map is not text.

    Numbers, `true`, `false`, `null`, lists and maps are values of their own in YAML and do not turn
    into names by themselves. Put the key in quotes. A value that begins with `{{` is read as a map
    whose key is a map: an expression is written `${{ … }}`.

    Example:

    ```yaml
    tasks:
      hello:
        run: echo hello
        with: {3: three}
    ```

    Use instead:

    ```yaml
    tasks:
      hello:
        run: echo hello
        with: {three: 3}
    ```
    """

    code = "ME120"


class NumberOutOfRange(SourceError):
    """A number that JSON cannot hold.

    Values travel between tasks as JSON, which has no infinity and no "not a number" (`.inf`, `.nan`),
    and a number with too many digits or too large an exponent would turn into one. Leave the value
    out, or write it as text in quotes.

    Example:

    ```yaml
    tasks:
      hello:
        run: echo hello
        with: {limit: .inf}
    ```

    Use instead:

    ```yaml
    tasks:
      hello:
        run: echo hello
        with: {limit: "none"}
    ```
    """

    code = "ME121"


class DirectiveInYaml(SourceError):
    """A line at the start of the file begins with `%`.

    Such a line tells the reader which version of YAML the file is in, or declares tags. Files are
    always read as YAML 1.2, and only `%YAML 1.2` is accepted.

    Example:

    ```yaml
    %YAML 1.1
    ---
    tasks:
      hello:
        run: echo hello
    ```

    Use instead:

    ```yaml
    tasks:
      hello:
        run: echo hello
    ```
    """

    code = "ME122"


class ExplicitKey(SourceError):
    """A key is written with a question mark before it.

    `? key` on one line and `: value` on the next is YAML's form for keys that are maps, lists or
    very long. Keys are short names here: write `key: value`. Text that begins with a question mark
    and a space needs quotes.

    Example:

    ```yaml
    tasks:
      hello:
        ? run
        : echo hello
    ```

    Use instead:

    ```yaml
    tasks:
      hello:
        run: echo hello
    ```
    """

    code = "ME123"
