"""Rules of the graph that single tasks break: their needs, the paths they write, their schemas."""

from __future__ import annotations

from .base import InputError


class SelfNeed(InputError):
    """A task needs itself.

    It could never start. For work that is to be done again, use `repeat`.

    Example:

    ```yaml
    version: 1
    name: loop
    tasks:
      draft: {run: "true", needs: [draft]}
    ```

    Use instead:

    ```yaml
    version: 1
    name: loop
    tasks:
      draft: {run: "true"}
    ```
    """

    code = "ME302"


class UnknownNeed(InputError):
    """A task needs one that the graph does not have.

    `needs` names tasks of the same file by their ids. The message lists those that there are.

    Example:

    ```yaml
    version: 1
    name: release
    tasks:
      build: {run: make}
      test: {run: make test, needs: [biuld]}
    ```

    Use instead:

    ```yaml
    version: 1
    name: release
    tasks:
      build: {run: make}
      test: {run: make test, needs: [build]}
    ```
    """

    code = "ME303"


class CountWithoutItems(InputError):
    """A need asks for several items of a task that makes only one.

    `{ok: N}` counts the items of a fan-out. A task without `each`, `matrix` or a pattern is one
    item, so more than one can never end ok.

    Example:

    ```yaml
    version: 1
    name: review
    tasks:
      review: {run: make review}
      ship: {run: make ship, needs: {review: {ok: 2}}}
    ```

    Use instead:

    ```yaml
    version: 1
    name: review
    tasks:
      review: {run: make review}
      ship: {run: make ship, needs: [review]}
    ```
    """

    code = "ME306"


class PathOutsideProject(InputError):
    """A path that a task declares to write lies outside the project.

    `writes`, `deliverables` and the file of `output` are below the project's root, also when
    symbolic links are followed; so the project can be copied, and nothing else is touched. Reading
    from elsewhere, and a `path` parameter or a `cwd` elsewhere, are fine.

    Example:

    ```yaml
    version: 1
    name: report
    tasks:
      report:
        run: make report
        deliverables: [{path: ../report.md}]
    ```

    Use instead:

    ```yaml
    version: 1
    name: report
    tasks:
      report:
        run: make report
        deliverables: [{path: report.md}]
    ```
    """

    code = "ME307"


class SchemaFileUnusable(InputError):
    """The file of a JSON Schema that the graph names cannot be read.

    The path is relative to the graph file. The file holds one schema, as JSON or as YAML.

    Example:

    ```sh
    cat > x.yaml <<'END'
    version: 1
    name: x
    tasks: {a: {run: "echo 1", output: {schema: nowhere.json}}}
    END
    me dag plan x.yaml
    ```

    Use instead:

    ```sh
    echo '{"type": "integer"}' > number.json
    cat > x.yaml <<'END'
    version: 1
    name: x
    tasks: {a: {run: "echo 1", output: {schema: number.json}}}
    END
    me dag plan x.yaml
    ```
    """

    code = "ME308"


class InvalidSchema(InputError):
    """A JSON Schema is itself not valid.

    Schemas are read as JSON Schema 2020-12 unless `$schema` says otherwise. A `$ref` may only lead
    to a place in the same schema: nothing is fetched from elsewhere.

    Example:

    ```yaml
    version: 1
    name: count
    tasks:
      count:
        run: echo '{"n":1}'
        output: {schema: {type: objekt}}
    ```

    Use instead:

    ```yaml
    version: 1
    name: count
    tasks:
      count:
        run: echo '{"n":1}'
        output: {schema: {type: object}}
    ```
    """

    code = "ME309"


class UnknownPool(InputError):
    """A task names a pool that the graph does not have.

    `concurrency.pools` gives the pools with their sizes; the name of a runtime that the graph uses is
    a pool too. A name that stands in neither limits nothing, however it was meant.

    Example:

    ```yaml
    version: 1
    name: load
    concurrency: {pools: {database: 1}}
    tasks:
      load: {run: make load, pool: databse}
    ```

    Use instead:

    ```yaml
    version: 1
    name: load
    concurrency: {pools: {database: 1}}
    tasks:
      load: {run: make load, pool: database}
    ```
    """

    code = "ME310"
