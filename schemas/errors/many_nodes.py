"""Rules of tasks that become many nodes: fan-outs, matrices, graphs inside graphs, work sent back."""

from __future__ import annotations

from .base import InputError


class EachNotAList(InputError):
    """`each` is given something that is no list.

    A fan-out makes one node for every item of a list. Text, a number or a map has no items. A command's
    output is text unless the task says how to read it: `output: {as: lines}` gives a list of lines.

    Example:

    ```yaml
    version: 1
    name: greetings
    tasks:
      list: {run: ls}
      greet: {each: "${{ tasks.list.output }}", run: "echo ${{ item }}"}
    ```

    Use instead:

    ```yaml
    version: 1
    name: greetings
    tasks:
      list: {run: ls, output: {as: lines}}
      greet: {each: "${{ tasks.list.output }}", run: "echo ${{ item }}"}
    ```
    """

    code = "ME320"


class EmptyMatrix(InputError):
    """A matrix has no combinations.

    Every axis needs at least one value, and `exclude` must leave some combination. A task without
    any node would silently do nothing.

    Example:

    ```yaml
    version: 1
    name: tests
    tasks:
      test:
        run: "echo ${{ matrix.py }}"
        matrix: {py: ["3.11"]}
        exclude: [{py: "3.11"}]
    ```

    Use instead:

    ```yaml
    version: 1
    name: tests
    tasks:
      test:
        run: "echo ${{ matrix.py }}"
        matrix: {py: ["3.11", "3.12"]}
        exclude: [{py: "3.11"}]
    ```
    """

    code = "ME321"


class SubGraphCycle(InputError):
    """A graph includes itself, directly or through others.

    It would never end. For work that is to be done again until a condition holds, use `repeat`.

    Example:

    ```sh
    echo '{tasks: {again: {graph: loop.yaml}}}' > loop.yaml
    me dag plan loop.yaml
    ```

    Use instead:

    ```sh
    echo '{tasks: {again: {run: echo more, repeat: {until: "${{ repeat.index > 1 }}", max: 3}}}}' > loop.yaml
    me dag plan loop.yaml
    ```
    """

    code = "ME322"


class SubGraphUnusable(InputError):
    """The graph file that a task names cannot be read, or there is too much in it.

    `graph` is a path relative to the file that it stands in. A graph and all that it includes, each as
    often as it is included, have at most 100,000 tasks, and at most 100 lie one in the other.

    Example:

    ```sh
    echo '{tasks: {build: {graph: parts/bild.yaml}}}' > all.yaml
    me dag plan all.yaml
    ```

    Use instead:

    ```sh
    mkdir parts && echo '{tasks: {compile: {run: echo done}}}' > parts/build.yaml
    echo '{tasks: {build: {graph: parts/build.yaml}}}' > all.yaml
    me dag plan all.yaml
    ```
    """

    code = "ME323"


class RewindNotBefore(InputError):
    """`rewind_to` names a task that does not lead to the question.

    After a no, that task and everything behind it are done anew, up to the question itself. So the
    question must come after it: directly or through others, by `needs` or by references.

    Example:

    ```yaml
    version: 1
    name: letter
    tasks:
      draft: {run: echo a draft}
      send: {approve: Send it?, rewind_to: draft}
    ```

    Use instead:

    ```yaml
    version: 1
    name: letter
    tasks:
      draft: {run: echo a draft}
      send: {approve: Send it?, needs: [draft], rewind_to: draft}
    ```
    """

    code = "ME324"


class ItemsCollide(InputError):
    """Items of one fan-out may run at the same time and write the same files.

    What one item wrote, another would overwrite. Let each write a path of its own, which may contain
    the item, or run them one after the other with `parallel: 1`.

    Example:

    ```yaml
    version: 1
    name: pages
    tasks:
      page: {each: "${{ [1, 2] }}", run: "echo ${{ item }} > page.html", writes: [page.html]}
    ```

    Use instead:

    ```yaml
    version: 1
    name: pages
    tasks:
      page: {each: "${{ [1, 2] }}", run: "echo ${{ item }} > page.html", writes: [page.html], parallel: 1}
    ```
    """

    code = "ME325"


class BadMostItems(InputError):
    """The environment variable `ME_MAX_ITEMS` is no number of items.

    It bounds the items of one fan-out, in place of 100,000. It is a whole number, at least 1, without
    separators.

    Example:

    ```sh
    echo '{tasks: {a: {each: "${{ [1, 2] }}", run: "true"}}}' > x.yaml
    ME_MAX_ITEMS=1,000,000 me dag run x.yaml
    ```

    Use instead:

    ```sh
    echo '{tasks: {a: {each: "${{ [1, 2] }}", run: "true"}}}' > x.yaml
    ME_MAX_ITEMS=1000000 me dag run x.yaml
    ```
    """

    code = "ME326"
