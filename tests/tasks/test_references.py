"""What references lead to, and the needs that they imply."""

from __future__ import annotations

from pathlib import Path

import pytest

from metaensemble.schemas.bound import Need
from metaensemble.schemas.errors import (
    HyphenatedReference,
    ImpossibleReference,
    InputError,
    MisplacedReference,
    SecretInExpression,
    UndeclaredKey,
    UnknownName,
    UnknownTaskReference,
)
from metaensemble.tasks import outline
from support.graph_texts import loaded, problems, underlined

GRAPH = """
    params: {{who: {{default: you}}, n: {{type: integer, default: 1}}, data: {{type: json, default: {{}}}}}}
    tasks:
      text: {{run: echo, deliverables: [{{path: out.md}}]}}
      json: {{run: echo, output: {{as: json}}}}
      lines: {{run: echo, output: {{as: lines}}}}
      typed:
        run: echo
        output:
          schema:
            type: object
            additionalProperties: false
            properties: {{n: {{type: integer}}, list: {{type: array, items: {{$ref: "#/$defs/item"}}}}, any: {{}}}}
            $defs: {{item: {{type: object, additionalProperties: false, properties: {{name: {{type: string}}}}}}}}
      my-task: {{run: echo}}
      many: {{role: r, each: "${{{{ tasks.lines.output }}}}", as: file, prompt: "${{{{ file }}}}"}}
      cells: {{run: "echo ${{{{ matrix.os }}}}", matrix: {{os: [a, b]}}, include: [{{py: 3}}]}}
      voted: {{role: r, prompt: x, pattern: {{consensus: {{n: 3}}}}}}
      agent: {{role: r, prompt: x}}
      again: {{run: echo, repeat: {{until: "${{{{ repeat.last.output == 'x' }}}}", max: 2}}}}
      it:
        run: [echo, "{text}"]
        env: {{MODE: fast, UP: "${{{{ tasks.text.output }}}}"}}
        secrets: [TOKEN]
"""


def said(folder: Path, expression: str) -> list[InputError]:
    return problems(folder, GRAPH.format(text=f"${{{{ {expression} }}}}".replace('"', '\\"')))


@pytest.mark.parametrize(
    "expression",
    [
        "params.who", "params['who']", "params.data.x.y", "params.data[0]", "params | length", "params.who[0]",
        "env.MODE", "env.UP", "run.id",
        "tasks.text.output", "tasks.text.output[0]", "tasks.text.status", "tasks.text.deliverable",
        "tasks['my-task'].output", "tasks.json.output.a.b[0].c", "tasks.lines.output[0]",
        "tasks.typed.output.n", "tasks.typed.output.list[0].name", "tasks.typed.output.any.thing", "tasks.typed.output",
        "tasks.many.outputs", "tasks.many.outputs[0].key", "tasks.cells.outputs[0].output", "tasks.many.status",
        "tasks.many.outputs | map(attribute='output')", "tasks.many.outputs[0].output.anything",
        "tasks.voted.output.x", "tasks.voted.deliverable", "tasks.agent.output.x", "tasks.again.output",
        "tasks.text.output if params.n > 1 else tasks.json.output.x",
        'tasks["text"]["output"]',
        "{'a': params.who, 'b': [tasks.text.output]}",
    ],
)  # fmt: skip
def test_good_references(tmp_path: Path, expression: str) -> None:
    assert [error.message for error in said(tmp_path, expression)] == []


@pytest.mark.parametrize(
    ("expression", "error", "words", "hint"),
    [
        ("who", UnknownName, "unknown name `who`", "write `params.who`"),
        ("text", UnknownName, "unknown name `text`", "write `tasks.text.output`"),
        ("my", UnknownName, "unknown name `my`", "begins with `params.`"),
        ("MODE", UnknownName, "unknown name `MODE`", "write `env.MODE`"),
        ("parms.who", UnknownName, "unknown name `parms`", "did you mean `params`?"),
        ("null", UnknownName, "unknown name `null`", "write `none`"),
        ("github.sha", UnknownName, "unknown name `github`", "run.id"),
        ("range", UnknownName, "unknown name `range`", None),
        ("file", MisplacedReference, "`file` exists only inside the task whose `each`", "tasks.ID.outputs"),
        ("params.woh", UndeclaredKey, "no parameter `woh`", "did you mean `who`?"),
        ("params.xyz", UndeclaredKey, "no parameter `xyz`", "`who`, `n` and `data`"),
        ("params.who.x", ImpossibleReference, "`params.who` is of type `string` and has no fields", None),
        (
            "env.HOME",
            UndeclaredKey,
            "declares no variable `HOME`",
            "did you mean `MODE`? else declare it under the task's `env`",
        ),
        ("env.DISPLAY", UndeclaredKey, "declares no variable `DISPLAY`", "`$DISPLAY`"),
        ("env.TOKEN", SecretInExpression, "a secret cannot be used", "`$TOKEN`"),
        ("secrets.TOKEN", SecretInExpression, "a secret cannot be used", None),
        ("matrix.os", MisplacedReference, "only inside a task with `matrix`", None),
        ("repeat.index", MisplacedReference, "only inside a task with `repeat`", None),
        ("run.uid", UndeclaredKey, "there is no `run.uid`", "run.id"),
        ("run", UndeclaredKey, "there is no `run`", "run.id"),
        ("tasks", UnknownTaskReference, "`tasks` needs the id of a task", "tasks.ID.output"),
        ("tasks[params.who].output", UnknownTaskReference, "written out", None),
        ("tasks[0].output", UnknownTaskReference, "written out", None),
        ("tasks.txet.output", UnknownTaskReference, "no task `txet`", "did you mean `text`?"),
        (
            "tasks.unheard.output",
            UnknownTaskReference,
            "no task `unheard`",
            "there are `text`, `json`",
        ),
        ("tasks.it.output", MisplacedReference, "cannot refer to itself", "repeat.last.output"),
        ("tasks.text", ImpossibleReference, "`tasks.text` alone is no value", "`tasks.text.output`"),
        ("tasks.text.out", ImpossibleReference, "a task has no `out`", "tasks.text.output"),
        ("tasks.text.ouput", ImpossibleReference, "a task has no `ouput`", "did you mean `output`?"),
        ("tasks.json.verdict", ImpossibleReference, "a task has no `verdict`", "`tasks.json.output.verdict`"),
        ("tasks.text.output.x", ImpossibleReference, "`tasks.text.output` is text", "as: json"),
        ("tasks.text.status.x", ImpossibleReference, "is text and has no fields", None),
        ("tasks.text.deliverable.x", ImpossibleReference, "is the path of a file", None),
        ("tasks.json.deliverable", ImpossibleReference, "declares no `deliverables`", None),
        (
            "tasks.text.outputs",
            ImpossibleReference,
            "is one node, so it has no `outputs`",
            "tasks.text.output",
        ),
        ("tasks.again.outputs", ImpossibleReference, "is one node", None),
        ("tasks.many.output", ImpossibleReference, "makes many nodes", "`tasks.many.outputs`"),
        ("tasks.cells.output", ImpossibleReference, "makes many nodes", None),
        ("tasks.many.outputs.key", ImpossibleReference, "is a list", 'map(attribute="key")'),
        ("tasks.many.outputs[0].value", ImpossibleReference, "has `key`, `status` and `output`", None),
        (
            "tasks.cells.outputs[0].output.x",
            ImpossibleReference,
            "`tasks.cells.outputs[0].output` is text",
            None,
        ),
        ("tasks.lines.output.x", ImpossibleReference, "is a list of lines", "`[0]`"),
        (
            "tasks.lines.output[0].x",
            ImpossibleReference,
            "`tasks.lines.output[0]` is a line and has no field `x`",
            None,
        ),
        ("tasks.typed.output.m", ImpossibleReference, "no field `m` by its schema; it has `n`, `list`", None),
        (
            "tasks.typed.output.n.x",
            ImpossibleReference,
            "`tasks.typed.output.n` is a number by its schema",
            None,
        ),
        ("tasks.typed.output[0]", ImpossibleReference, "is an object by its schema and has no item 0", None),
        ("tasks.typed.output.list[0].nam", ImpossibleReference, "no field `nam`", "did you mean `name`?"),
        (
            "tasks.my-task.output",
            HyphenatedReference,
            "reads as a subtraction",
            'write `tasks["my-task"].output`',
        ),
        (
            "tasks.my-tsak.output",
            HyphenatedReference,
            "reads as a subtraction",
            'did you mean `tasks["my-task"]',
        ),
        ("params.who-else", UndeclaredKey, None, None),
    ],
)
def test_bad_references(
    tmp_path: Path, expression: str, error: type[InputError], words: str | None, hint: str | None
) -> None:
    found = said(tmp_path, expression)
    if words is None:
        assert found
        return
    assert [type(one) for one in found] == [error]
    assert words in found[0].message
    assert hint is None or hint in (found[0].hint or "")


def test_errors_point_at_the_reference(tmp_path: Path) -> None:
    found = said(tmp_path, "params.who ~ tasks.txet.output ~ tasks.my-task.output[0]")
    assert [underlined(error) for error in found] == ["tasks.txet.output", "tasks.my-task.output[0]"]


def needs_of(folder: Path, text: str, task: str) -> tuple[Need, ...]:
    graph = outline(loaded(folder, text))
    return next(found.needs for found in graph.tasks if found.id == task)


def test_needs_are_inferred(tmp_path: Path) -> None:
    text = """
        tasks:
          a: {run: echo, deliverables: [{path: a.md}]}
          b: {run: echo}
          c: {run: echo}
          d: {run: echo}
          e:
            run: "echo ${{ tasks.a.deliverable }} ${{ tasks.b.status }}"
            with: {x: ["${{ tasks.c.status }}", "${{ tasks.c.output }}", "${{ tasks.c.status }}"]}
            if: ${{ tasks.d.status == 'ok' }}
    """
    assert needs_of(tmp_path, text, "e") == (
        Need(task="a", inferred=True),
        Need(task="b", mode="done", inferred=True),
        Need(task="c", inferred=True),
        Need(task="d", mode="done", inferred=True),
    )


def test_written_needs_win(tmp_path: Path) -> None:
    text = """
        tasks:
          a: {run: echo}
          b: {run: echo}
          c:
            needs: {b: done, a: done}
            run: "echo ${{ tasks.a.output }} ${{ tasks.b.status }}"
    """
    assert needs_of(tmp_path, text, "c") == (Need(task="b", mode="done"), Need(task="a", mode="done"))


def test_the_output_of_what_must_fail_never_exists(tmp_path: Path) -> None:
    text = """
        tasks:
          a: {run: echo}
          b: {needs: {a: failed}, run: "echo ${{ tasks.a.output }} ${{ tasks.a.status }}"}
    """
    (error,) = problems(tmp_path, text)
    assert isinstance(error, ImpossibleReference)
    assert "needs it to end `failed`" in error.message


@pytest.mark.parametrize(
    ("keys", "error"),
    [
        ('timeout: "${{ tasks.a.output }}"', MisplacedReference),
        ('priority: "${{ run.id }}"', MisplacedReference),
        ('writes: ["${{ tasks.a.output }}"]', MisplacedReference),
        ('timeout: "${{ params.t }}"', None),
        ('timeout: "${{ env.STATIC }}"', None),
        ('timeout: "${{ env.DYNAMIC }}"', MisplacedReference),
        ('cwd: "${{ env.DYNAMIC }}"', None),
        ('with: {x: "${{ env.CHAINED }}"}', None),
        ('retry: {max: "${{ env.CHAINED }}"}', MisplacedReference),
        ('each: "${{ item }}"', MisplacedReference),
        ('matrix: {os: "${{ matrix.os }}"}', MisplacedReference),
        ('matrix: {os: "${{ params.t }}"}', None),
        ('repeat: {until: "${{ repeat.index > 1 }}", max: "${{ repeat.index }}"}', MisplacedReference),
    ],
)
def test_places_know_what_is_known(tmp_path: Path, keys: str, error: type[InputError] | None) -> None:
    text = f"""
        params: {{t: {{default: 5m}}}}
        tasks:
          a: {{run: echo}}
          b:
            run: echo
            env: {{STATIC: "${{{{ params.t }}}}", DYNAMIC: "${{{{ tasks.a.output }}}}", CHAINED: "${{{{ env.DYNAMIC }}}}"}}
            {keys}
    """
    found = [type(one) for one in problems(tmp_path, text)]
    assert found == ([] if error is None else [error])


def test_outside_tasks_there_are_no_variables(tmp_path: Path) -> None:
    text = """
        params: {n: {type: integer, default: 1}}
        concurrency: {max: "${{ params.n }}", pools: {p: "${{ tasks.a.output }}"}}
        defaults: {timeout: "${{ env.T }}"}
        outputs: {x: "${{ tasks.a.output }}", y: "${{ matrix.os }}", z: "${{ tasks.b.output }}"}
        tasks:
          a: {run: echo}
    """
    assert [type(error) for error in problems(tmp_path, text)] == [
        MisplacedReference,
        MisplacedReference,
        MisplacedReference,
        UnknownTaskReference,
    ]
