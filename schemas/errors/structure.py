"""Faults of the graph as a whole, which no single line shows."""

from __future__ import annotations

from .base import InputError


class CyclicNeeds(InputError):
    """Tasks need one another in a circle.

    Each task of the circle waits for the next, so none of them could ever start. The message walks
    the circle once: every task needs the one after the arrow. A reference such as
    `${{ tasks.x.output }}` counts as a need as well. For work that is to be repeated, write one task
    with `repeat`, which makes a new node per round.

    Example:

    ```yaml
    version: 1
    name: circle
    tasks:
      draft: {run: "true", needs: [merge]}
      merge: {run: "true", needs: [draft]}
    ```

    Use instead:

    ```yaml
    version: 1
    name: line
    tasks:
      draft: {run: "true"}
      merge: {run: "true", needs: [draft]}
    ```
    """

    code = "ME301"


class WriteConflict(InputError):
    """Two tasks that may run at the same time write the same files.

    The globs under `writes` of both tasks can match one and the same path, and nothing orders the
    two. Whichever comes last would win. Give one of them a `need` on the other, or let one of them write
    elsewhere.

    Example:

    ```yaml
    version: 1
    name: conflict
    tasks:
      one: {run: "true", writes: ["out/*.txt"]}
      two: {run: "true", writes: [out/report.txt]}
    ```

    Use instead:

    ```yaml
    version: 1
    name: ordered
    tasks:
      one: {run: "true", writes: ["out/*.txt"]}
      two: {run: "true", writes: [out/report.txt], needs: [one]}
    ```
    """

    code = "ME304"


class UnreachableTask(InputError):
    """A task can never run, because its needs exclude one another.

    Somewhere along its needs one and the same task would have to end `ok` and to fail. The usual
    cause is a handler of a failure that also needs something that only runs after a success.

    Example:

    ```yaml
    version: 1
    name: contradiction
    tasks:
      build: {run: "true"}
      test: {run: "true", needs: [build]}
      repair: {run: "true", needs: {build: failed, test: ok}}
    ```

    Use instead:

    ```yaml
    version: 1
    name: reachable
    tasks:
      build: {run: "true"}
      test: {run: "true", needs: [build]}
      repair: {run: "true", needs: {build: failed, test: done}}
    ```
    """

    code = "ME305"
