"""What can be wrong with `--select` and `--exclude`."""

from __future__ import annotations

from .base import InputError


class BadSelector(InputError):
    """A selector is not written as selectors are.

    A selector is the id of a task (`*` and `?` stand for anything), `tag:NAME`, or `result:STATE`, with `+`
    before it for all that it needs, and behind it for all that needs it.

    Example:

    ```sh
    echo '{tasks: {build: {run: echo built, tags: [fast]}}}' > graph.yaml
    me dag plan graph.yaml --select tags:fast
    ```

    Use instead:

    ```sh
    echo '{tasks: {build: {run: echo built, tags: [fast]}}}' > graph.yaml
    me dag plan graph.yaml --select tag:fast
    ```
    """

    code = "ME515"


class UnknownSelection(InputError):
    """A selector names a task or a tag that the graph does not have.

    A selection that silently means nothing would leave work undone. `result:failed` is the exception: that
    nothing failed is an answer, and no mistake.

    Example:

    ```sh
    echo '{tasks: {build: {run: echo built}}}' > graph.yaml
    me dag plan graph.yaml --select bild
    ```

    Use instead:

    ```sh
    echo '{tasks: {build: {run: echo built}}}' > graph.yaml
    me dag plan graph.yaml --select build
    ```
    """

    code = "ME516"


class NothingSelected(InputError):
    """`--select` and `--exclude` leave no task to run.

    A DAG run without tasks would end ok without having done anything, which nobody means.

    Example:

    ```sh
    echo '{tasks: {build: {run: echo built}}}' > graph.yaml
    me dag run graph.yaml --exclude build
    ```

    Use instead:

    ```sh
    echo '{tasks: {build: {run: echo built}, test: {run: echo tested}}}' > graph.yaml
    me dag run graph.yaml --exclude build
    ```
    """

    code = "ME517"


class OutputNotSelected(InputError):
    """A selected task refers to one that is left out and has never ended ok.

    A task that is left out is not in the DAG run. What others refer to of it is then its last output of
    an earlier DAG run of the same graph; there is none yet. Select it too, with a `+` before the task.

    Example:

    ```sh
    echo '{tasks: {one: {run: echo 1}, two: {run: "echo ${{ tasks.one.output }}"}}}' > graph.yaml
    me dag run graph.yaml --select two
    ```

    Use instead:

    ```sh
    echo '{tasks: {one: {run: echo 1}, two: {run: "echo ${{ tasks.one.output }}"}}}' > graph.yaml
    me dag run graph.yaml --select +two
    ```
    """

    code = "ME518"
