"""ME38x: Manifests and Briefs that cannot be used as they are."""

from __future__ import annotations

from .base import InputError


class ContractError(InputError):
    """A Manifest or a Brief does not hold."""


class Unfilled(ContractError):
    """A text of a scaffold is still to be written.

    `me manifest scaffold` writes a Manifest in which every text that only a person can write begins
    with `FILL IN:`. Such a Manifest is never valid, so that nobody hands work over without having
    said what is wanted. Write what the mark asks for, or take the entry out.

    Example:

    ```sh
    echo 'print("hello")' >hello.py
    me manifest scaffold --role docs --task describe --file hello.py >describe.yaml
    me manifest validate describe.yaml
    ```

    Use instead:

    ```sh
    echo 'print("hello")' >hello.py
    me manifest scaffold --role docs --task describe --file hello.py >describe.yaml
    sed -i.old 's/FILL IN: a statement[^"]*/a person who never saw it can run it/' describe.yaml
    sed -i.old 's/FILL IN: a file[^"]*/hello.md/' describe.yaml
    me manifest validate describe.yaml
    ```
    """

    code = "ME380"


class PointerMissing(ContractError):
    """A Manifest points to a file that is not there.

    The receiver would look for it in vain, and guess. The message names what lies in its place. A path
    is relative to the project's root, which is the nearest directory above with `.metaensemble` or `.git`.

    Example:

    ```sh
    mkdir src
    echo 'x = 1' >src/parser.py
    me manifest scaffold --role docs --task describe --file src/parse.py
    ```

    Use instead:

    ```sh
    mkdir src
    echo 'x = 1' >src/parser.py
    me manifest scaffold --role docs --task describe --file src/parser.py
    ```
    """

    code = "ME381"


class PointerNotAFile(ContractError):
    """A Manifest points to something that is no file that can be read: a directory, a pipe, a closed file.

    A pointer says which file and which lines matter. A directory says neither; name the files in it.

    Example:

    ```sh
    mkdir src
    echo 'x = 1' >src/parser.py
    me manifest scaffold --role docs --task describe --file src
    ```

    Use instead:

    ```sh
    mkdir src
    echo 'x = 1' >src/parser.py
    me manifest scaffold --role docs --task describe --file src/parser.py
    ```
    """

    code = "ME382"


class PointerPastEnd(ContractError):
    """A Manifest points to lines that its file does not have.

    Most often the file has changed since the pointer was written. Lines are counted from 1, and the
    last one is included.

    Example:

    ```sh
    printf 'a = 1\\nb = 2\\n' >values.py
    me manifest scaffold --role docs --task describe --file values.py:1..40
    ```

    Use instead:

    ```sh
    printf 'a = 1\\nb = 2\\n' >values.py
    me manifest scaffold --role docs --task describe --file values.py:1..2
    ```
    """

    code = "ME383"


class PointerOutside(ContractError):
    """A path in a Manifest leads out of the project, by itself or through a link.

    What an Executor reads and writes lies in the project: a Manifest that points elsewhere would hold
    on one machine only, and might hand out what is not the project's.

    Example:

    ```sh
    echo 'x = 1' >../notes.py
    me manifest scaffold --role docs --task describe --file ../notes.py
    ```

    Use instead:

    ```sh
    echo 'x = 1' >../notes.py
    cp ../notes.py notes.py
    me manifest scaffold --role docs --task describe --file notes.py
    ```
    """

    code = "ME384"


class BriefNotJson(ContractError):
    """A Brief is not JSON.

    Briefs are written by programs for programs, so they are JSON (RFC 8259) and nothing else: no
    comments, no trailing commas, one value in UTF-8, and no key twice.

    Example:

    ```sh
    printf '{"v": 1,}' >brief.json
    me brief validate brief.json
    ```

    Use instead:

    ```sh
    cat >brief.json <<'END'
    {"v": 1, "brief_id": "01900000-0000-7000-8000-0000000000d1",
     "from": "arch-7b3", "to": "coordinator", "task_id": "plan", "result": {"parts": 3}}
    END
    me brief validate brief.json
    ```
    """

    code = "ME385"


class ContractBroken(ContractError):
    """A Manifest or a Brief that this program made, or kept, does not meet the published JSON Schema.

    It was put together from what the graph says (paths, ids, statements), so one of these came to
    something that a contract cannot hold, such as an empty path; or a kept file was changed by hand.
    The message names the place in the contract. `schemas/json/manifest.schema.json` and
    `brief.schema.json` in the package are the schemas.

    Example:

    ```python
    from metaensemble.engine.agents.contracts import refuse_broken

    refuse_broken("brief", {"v": 2, "from": "arch-7b3"})
    ```

    Use instead:

    ```python
    from metaensemble.engine.agents.briefs import build_brief
    from metaensemble.engine.agents.contracts import refuse_broken

    brief_id = "01900000-0000-7000-8000-0000000000d1"
    refuse_broken("brief", build_brief(brief_id, sender="arch-7b3", to="coordinator", task_id="plan"))
    ```
    """

    code = "ME386"


class TwinStale(ContractError):
    """The JSON twin of a Manifest does not belong to the YAML file beside it.

    A twin is for readers that have no YAML. It names the SHA-256 of the YAML file that it was made
    from; when that file has changed since, the twin says something else than the contract.
    `me manifest validate --twin` writes it anew.

    Example:

    ```sh
    echo 'x = 1' >a.py
    cat >m.yaml <<'END'
    version: 1
    id: hm-01900000-0000-7000-8000-0000000000d1
    from: principal
    to: docs
    task: describe
    END
    me manifest validate m.yaml --twin
    echo 'acceptance: [it is short]' >>m.yaml
    me manifest validate m.yaml
    ```

    Use instead:

    ```sh
    echo 'x = 1' >a.py
    cat >m.yaml <<'END'
    version: 1
    id: hm-01900000-0000-7000-8000-0000000000d1
    from: principal
    to: docs
    task: describe
    END
    me manifest validate m.yaml --twin
    echo 'acceptance: [it is short]' >>m.yaml
    me manifest validate m.yaml --twin
    ```
    """

    code = "ME387"
