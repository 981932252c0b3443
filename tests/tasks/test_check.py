"""What the file alone can tell beyond its shape."""

from __future__ import annotations

from pathlib import Path

import pytest

from metaensemble.schemas.bound import Need
from metaensemble.schemas.errors import (
    BadDefault,
    BadName,
    CountWithoutItems,
    ExpressionInSingleQuotes,
    ExpressionNotAllowed,
    ExpressionSyntax,
    InputError,
    InvalidSchema,
    PathOutsideProject,
    SelfNeed,
    UndeclaredKey,
    UnknownNeed,
    UnterminatedExpression,
)
from metaensemble.schemas.template import Literal
from metaensemble.tasks import check_loaded, load_problems, outline
from metaensemble.tasks.expression.analysis import analyse
from support.graph_texts import loaded, problems, underlined, written


def test_a_good_graph_has_no_problems(tmp_path: Path) -> None:
    text = """
        params: {who: {default: you}}
        tasks:
          a: {run: "echo ${{ params.who }}"}
          b: {run: [echo, "${{ tasks.a.output }}"], needs: {a: ok}}
    """
    assert problems(tmp_path, text) == []


def test_all_problems_come_at_once_in_the_order_of_the_text(tmp_path: Path) -> None:
    text = """
        params: {n: {type: integer, default: x}}
        tasks:
          a: {run: "echo '${{ params.n }}' ${{ params.m }}", needs: [a, zebra]}
          b: {run: "echo ${{ 1 + }} ${{ open", writes: [../x]}
          c: {run: [echo, "${{ 1 + }}"], output: {schema: {type: objekt}}}
    """
    found = problems(tmp_path, text)
    assert [type(error) for error in found] == [
        BadDefault,
        ExpressionInSingleQuotes,
        UndeclaredKey,
        SelfNeed,
        UnknownNeed,
        UnterminatedExpression,
        PathOutsideProject,
        ExpressionSyntax,
        InvalidSchema,
    ]
    assert [underlined(error) for error in found] == [
        "x",
        "${{ params.n }}",
        "params.m",
        "a",
        "zebra",
        "${{",
        "../x",
        "+",
        "objekt",
    ]
    assert found[1].task == "a"
    assert found[1].where == ("tasks", "a", "run")


@pytest.mark.parametrize(
    ("needs", "error", "message", "hint"),
    [
        ("[b]", SelfNeed, "the task `b` needs itself", "drop this need"),
        ("{b: done}", SelfNeed, "the task `b` needs itself", "drop this need"),
        (
            "[tset]",
            UnknownNeed,
            "there is no task `tset`",
            "did you mean `test`? there are `test` and `long`",
        ),
        (
            "{nothing: ok}",
            UnknownNeed,
            "there is no task `nothing`",
            "there are `test` and `long`",
        ),
        (
            "{test: {ok: 2}}",
            CountWithoutItems,
            "`test` is one node, so 2 of its items can never end ok",
            None,
        ),
        ("{test: {ok: 1}}", None, "", None),
        ("{test: {ok: 2/3}}", None, "", None),
        ("[test, long]", None, "", None),
    ],
)
def test_needs(
    tmp_path: Path, needs: str, error: type[InputError] | None, message: str, hint: str | None
) -> None:
    text = f"""
        tasks:
          test: {{run: echo}}
          long: {{run: echo}}
          b: {{run: echo, needs: {needs}}}
    """
    found = problems(tmp_path, text)
    assert [type(one) for one in found] == ([] if error is None else [error])
    if error is not None:
        assert found[0].message == message
        assert hint is None or found[0].hint == hint


def test_a_count_fits_a_fan_out(tmp_path: Path) -> None:
    text = """
        tasks:
          list: {run: echo, output: {as: lines}}
          each: {role: r, prompt: x, each: "${{ tasks.list.output }}"}
          cells: {run: echo, matrix: {a: [1, 2]}}
          voted: {role: r, prompt: x, each: "${{ tasks.list.output }}", pattern: fanout}
          end: {run: echo, needs: {each: {ok: 2}, cells: {ok: 2}, voted: {ok: 2}}}
    """
    assert problems(tmp_path, text) == []
    assert outline(loaded(tmp_path, text)).tasks[-1].needs == (
        Need(task="each", count=2),
        Need(task="cells", count=2),
        Need(task="voted", count=2),
    )


@pytest.mark.parametrize(
    ("keys", "where"),
    [
        ('tags: ["${{x}}"]', "tags"),
        ('runtime: "${{params.x}}"', "runtime"),
        ('pool: "${{params.x}}"', "pool"),
        ('output: {schema: {const: "${{ params.x }}"}}', "const"),
    ],
)
def test_where_no_expression_is_evaluated_it_is_an_error(tmp_path: Path, keys: str, where: str) -> None:
    (error,) = problems(tmp_path, f"tasks: {{a: {{run: echo, {keys}}}}}\n")
    assert isinstance(error, ExpressionNotAllowed)
    assert f"`{where}` is a plain value" in error.message


def test_expressions_in_defaults_of_parameters_and_names_are_errors(tmp_path: Path) -> None:
    text = """
        params: {a: {default: "${{ params.b }}"}, b: {default: x, description: "like ${{ params.a }}"}}
        description: uses ${{ params.a }}
        tasks: {a: {run: echo, description: "${{ anything }}"}}
    """
    (error,) = problems(tmp_path, text)
    assert isinstance(error, ExpressionNotAllowed)
    assert underlined(error) == "${{ params.b }}"


@pytest.mark.parametrize("name", ["params", "tasks", "self", "range", "run"])
def test_an_item_cannot_take_a_name_that_has_a_meaning(tmp_path: Path, name: str) -> None:
    text = f"""
        tasks:
          a: {{run: echo, output: {{as: lines}}}}
          b: {{role: r, prompt: x, each: "${{{{ tasks.a.output }}}}", as: {name}}}
    """
    assert [type(error) for error in problems(tmp_path, text)] == [BadName]


@pytest.mark.parametrize(
    ("path", "leaves"),
    [
        ("../x", True), ("a/../../x", True), ("a/../x", False), ("a/*/../../../x", True), ("**/../x", True),
        ("a/b", False), ("./a", False), ("..a", False), ("${{ params.p }}/../..", False),
    ],
)  # fmt: skip
def test_declared_paths_do_not_climb_out(tmp_path: Path, path: str, leaves: bool) -> None:
    for keys in (
        f'writes: ["{path}"]',
        f'output: {{from: file, path: "{path}"}}',
        f'deliverables: [{{path: "{path}"}}]',
    ):
        found = problems(tmp_path, f"params: {{p: {{default: x}}}}\ntasks: {{a: {{run: echo, {keys}}}}}\n")
        assert [type(error) for error in found] == ([PathOutsideProject] if leaves else [])


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ("{type: objekt}", "the schema is not valid at `type`"),
        ("{properties: [a]}", "the schema is not valid at `properties`"),
        ("{$ref: 'https://example.org/x.json'}", "outside itself; nothing is fetched"),
        ("{properties: {a: {$ref: other.json}}}", "refers to `other.json`, outside itself"),
        ("{$ref: '#/$defs/nope'}", "`#/$defs/nope` leads to nothing"),
        ("{$schema: 'http://nowhere.test/x'}", "the dialect `http://nowhere.test/x` is not known"),
        ("{pattern: '('}", "the schema is not valid at `pattern`"),
        ("{$ref: '#/$defs/a', $defs: {a: {type: string}}}", None),
        ("{$ref: '#here', $defs: {a: {$anchor: here}}}", None),
        ("{$schema: 'http://json-schema.org/draft-07/schema#', items: [{type: string}]}", None),
        ("{const: {$ref: 'https://example.org/data'}}", None),
    ],
)
def test_schemas_in_the_file_must_be_valid(tmp_path: Path, schema: str, words: str | None) -> None:
    found = problems(tmp_path, f"tasks: {{a: {{run: echo, output: {{schema: {schema}}}}}}}\n")
    if words is None:
        assert found == []
    else:
        (error,) = found
        assert isinstance(error, InvalidSchema)
        assert words in error.message


def test_what_is_left_of_a_broken_file_is_checked_too(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "tasks:\n  a: {run: echo, timeout: soon}\n  b: {run: 'echo ${{ tasks.c.output }}'}\n  d: 5\n",
    )
    graph, shape = load_problems(path)
    assert graph is not None
    assert len(shape) == 2
    assert [error.code for error in check_loaded(graph)] == ["ME407"]


def test_the_outline_has_what_rules_about_the_whole_graph_need(tmp_path: Path) -> None:
    text = """
        params: {d: {default: out}}
        defaults: {isolation: worktree}
        tasks:
          a: {run: echo, writes: ["x/*", "${{ params.d }}/y"]}
          b: {run: "echo ${{ tasks.a.output }}", isolation: none}
    """
    a, b = outline(loaded(tmp_path, text)).tasks
    assert (a.id, a.kind, a.writes, a.isolation, a.needs) == ("a", "run", (Literal("x/*"),), "worktree", ())
    assert (b.isolation, b.needs) == ("none", (Need(task="a", inferred=True),))


def test_needs_that_lead_nowhere_are_not_in_the_outline(tmp_path: Path) -> None:
    graph = loaded(tmp_path, "tasks: {a: {run: echo, needs: [a, zebra]}}\n")
    assert outline(graph).tasks[0].needs == ()


def test_a_plain_reference_needs_no_parser() -> None:
    assert analyse("tasks.a.output.b[0]").plain
    assert not analyse("tasks.a.output + 1").plain
