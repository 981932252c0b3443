"""ME39x: the settings of the quality gate, and what it is asked to look at."""

from __future__ import annotations

from .base import InputError


class QualityError(InputError):
    """Something is wrong with the settings of the quality gate, or with what it is asked to look at."""


class NothingToLookAt(QualityError):
    r"""A path that the quality gate is to look at is no file and no folder.

    A typo would otherwise look like a clean bill, and a pipe or a device would never come to its end.

    Example:

    ```sh
    me quality check no-such-file.py
    ```

    Use instead:

    ```sh
    printf 'LIMIT = 3\n' > limits.py
    me quality check limits.py --axis complexity
    ```
    """

    code = "ME390"


class UnknownAxis(QualityError):
    r"""`--axis` names an axis that the quality gate does not have.

    There are `correctness`, `security`, `maintainability`, `complexity` and `coverage`.

    Example:

    ```sh
    printf 'LIMIT = 3\n' > limits.py
    me quality check limits.py --axis complexty
    ```

    Use instead:

    ```sh
    printf 'LIMIT = 3\n' > limits.py
    me quality check limits.py --axis complexity
    ```
    """

    code = "ME391"


class QualityFileUnusable(QualityError):
    r"""There is a `quality.yaml`, and it cannot be read.

    The quality gate does not pretend that it is not there: it would go by other limits than somebody
    has asked for.

    Example:

    ```sh
    mkdir -p .metaensemble/quality.yaml
    printf 'LIMIT = 3\n' > limits.py
    me quality check limits.py
    ```

    Use instead:

    ```sh
    mkdir -p .metaensemble
    printf 'complexity: {block: 21}\n' > .metaensemble/quality.yaml
    printf 'LIMIT = 3\n' > limits.py
    me quality check limits.py --axis complexity
    ```
    """

    code = "ME392"


class ContradictoryLimits(QualityError):
    r"""An axis would block before it notifies.

    Blocking is worse than notifying, so the limit for it lies further out. A file may also raise one of two
    limits beyond the other, which stands in a layer below: then give both.

    Example:

    ```sh
    mkdir -p .metaensemble
    printf 'complexity: {notify: 30}\n' > .metaensemble/quality.yaml
    printf 'LIMIT = 3\n' > limits.py
    me quality check limits.py --axis complexity
    ```

    Use instead:

    ```sh
    mkdir -p .metaensemble
    printf 'complexity: {notify: 30, block: 40}\n' > .metaensemble/quality.yaml
    printf 'LIMIT = 3\n' > limits.py
    me quality check limits.py --axis complexity
    ```
    """

    code = "ME393"


class FileOutsideProject(QualityError):
    r"""A path that the quality gate is to look at lies outside the project.

    Settings, tests and the environment with the tools belong to a project; what lies elsewhere has others.

    Example:

    ```sh
    mkdir -p here/.metaensemble
    printf 'LIMIT = 3\n' > limits.py
    cd here
    me quality check ../limits.py
    ```

    Use instead:

    ```sh
    mkdir -p here/.metaensemble
    printf 'LIMIT = 3\n' > here/limits.py
    cd here
    me quality check limits.py --axis complexity
    ```
    """

    code = "ME394"
