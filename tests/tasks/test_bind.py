"""Binding: parameters put in, the rest kept as templates, files of schemas read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from metaensemble.schemas import bound_json
from metaensemble.schemas.agent import AgentSpec, PointerSpec
from metaensemble.schemas.bound import (
    AskSpec,
    CallableSpec,
    CommandSpec,
    DeliverableSpec,
    EachSpec,
    Need,
    OutputContract,
    RepeatSpec,
    RetryPolicy,
)
from metaensemble.schemas.errors import (
    CountWithoutItems,
    EvaluationFailed,
    ImpossibleReference,
    InputError,
    InvalidSchema,
    MisplacedReference,
    MissingParameter,
    PathOutsideProject,
    SchemaFileUnusable,
    UndeclaredKey,
    WrongExpressionValue,
)
from metaensemble.schemas.template import EMPTY, Concat, Expr, Literal, Mapping, Sequence
from metaensemble.tasks import bind, load_problems
from support.graph_texts import bind_problems, bound, loaded, underlined, written

FULL = """
    params:
      who: {default: "a ${{b}"}
      n: {type: integer, default: 3}
      dir: {type: path, default: sub}
      limit: {default: 5m}
    concurrency: {max: "${{ params.n }}", pools: {db: 1}}
    defaults: {timeout: "${{ params.limit }}", retry: {max: 1}}
    outputs: {report: "${{ tasks.b.output }}", facts: {who: ["${{ params.who }}", 1]}}
    tasks:
      a:
        run: echo ${{ params.who }}
        if: " ${{ params.n > 2 }} "
        output: {as: json}
      b:
        run: |
          echo ${{ tasks.a.output.foo }} "${{ params.n }} ${{ tasks.a.output.foo }}"
        needs: {a: done}
        env: {A: "${{ params.n }}", B: "x${{ env.A }}", C: "${{ tasks.a.status }}", D: "${{ env.C }}!", E: 1.5, F: true}
        cwd: ${{ params.dir }}
        with: {x: "${{ params.n }}", y: "a${{ params.n }}b${{ tasks.a.status }}", z: {k: ["${{ env.B }}", "${{ run.id }}"]}}
        writes: ["out/${{ params.n }}/*"]
        timeout: 90s
        retry: {backoff: 1s..2s, on: [timeout]}
        deliverables: [{path: "r-${{ env.B }}.md", schema: {type: object}}]
        secrets: [TOKEN]
      c: {run: [echo, "${{ params.n }}", "${{ tasks.b.deliverable }}", "x ${{ run.id }}"], tags: [t], priority: 2}
"""


def test_what_is_known_is_put_in_and_the_rest_stays(tmp_path: Path) -> None:
    graph = bound(tmp_path, FULL.replace("${{b}", "$ {b"))
    a, b, c = graph.tasks
    assert graph.name == "test"
    assert graph.params == (("who", "a $ {b"), ("n", 3), ("dir", str(tmp_path / "sub")), ("limit", "5m"))
    assert (graph.maximum, graph.pools) == (3, (("db", 1),))
    assert graph.outputs == (("report", Expr("tasks.b.output")), ("facts", Literal({"who": ["a $ {b", 1]})))
    assert a.command == CommandSpec(shell='echo "${ME_X_1}"', bindings=(("ME_X_1", Literal("a $ {b")),))
    assert a.condition == Literal(True)
    assert (a.timeout, a.retry, a.runtime) == (300.0, RetryPolicy(maximum=1), "command")
    assert a.output == OutputContract(form="json")
    assert b.command == CommandSpec(
        shell='echo "${ME_X_1}" "${ME_X_2} ${ME_X_1}"\n',
        bindings=(("ME_X_1", Expr("tasks.a.output.foo")), ("ME_X_2", Literal(3))),
    )
    assert b.env == (
        ("A", Literal("3")),
        ("B", Literal("x3")),
        ("C", Expr("tasks.a.status")),
        ("D", Concat((Expr("env.C"), Literal("!")))),
        ("E", Literal("1.5")),
        ("F", Literal("true")),
    )
    assert b.inputs == (
        ("x", Literal(3)),
        ("y", Concat((Literal("a3b"), Expr("tasks.a.status")))),
        ("z", Mapping((("k", Sequence((Literal("x3"), Expr("run.id")))),))),
    )
    assert b.needs == (Need(task="a", mode="done"),)
    assert b.cwd == Literal(str(tmp_path / "sub"))
    assert (b.timeout, b.writes, b.secrets) == (90.0, (Literal("out/3/*"),), ("TOKEN",))
    assert b.retry == RetryPolicy(maximum=1, backoff_min=1.0, backoff_max=2.0, on=frozenset({"timeout"}))
    assert b.deliverables == (DeliverableSpec(path=Literal("r-x3.md"), schema={"type": "object"}),)
    assert c.command == CommandSpec(
        argv=(
            Literal("echo"),
            Literal(3),
            Expr("tasks.b.deliverable"),
            Concat((Literal("x "), Expr("run.id"))),
        )
    )
    assert (c.tags, c.priority, c.needs) == (("t",), 2, (Need(task="b", inferred=True),))
    assert bound_json.from_json(json.loads(json.dumps(bound_json.to_json(graph)))) == graph


def test_a_value_is_never_scanned_again(tmp_path: Path) -> None:
    text = """
        params: {evil: {}}
        tasks:
          a: {run: [echo, "${{ params.evil }}", "x${{ params.evil }}"], with: {v: "${{ params.evil }}"}}
    """
    evil = "${{ tasks.a.output }}"
    (task,) = bound(tmp_path, text, {"evil": evil}).tasks
    assert task.command == CommandSpec(argv=(Literal("echo"), Literal(evil), Literal(f"x{evil}")))
    assert task.inputs == (("v", Literal(evil)),)
    assert task.needs == ()


def test_a_whole_expression_keeps_its_type(tmp_path: Path) -> None:
    text = """
        params: {list: {type: json, default: [1, {a: null}]}}
        tasks:
          a: {run: echo, with: {whole: "${{ params.list }}", part: "=${{ params.list }}", none: "${{ params.list[1].a }}|"}}
    """
    (task,) = bound(tmp_path, text).tasks
    assert dict(task.inputs) == {
        "whole": Literal([1, {"a": None}]),
        "part": Literal('=[1,{"a":null}]'),
        "none": Literal("|"),
    }


def test_the_place_of_defaults_and_of_typed_paths(tmp_path: Path) -> None:
    graph = loaded(
        tmp_path, "params: {p: {type: path, default: x}}\ntasks: {a: {run: echo, cwd: '${{ params.p }}'}}\n"
    )
    for params, environ, wanted in (
        ({}, {}, tmp_path / "x"),
        ({"p": "y"}, {}, Path("/else/where/y")),
        ({"p": "../y"}, {}, Path("/else/y")),
        ({"p": "~/z"}, {"HOME": "/home/me"}, Path("/home/me/z")),
    ):
        found = bind(graph, params, project=tmp_path, cwd="/else/where", environ=environ)
        assert found.tasks[0].cwd == Literal(str(wanted))


@pytest.mark.parametrize(
    ("text", "error", "words", "place"),
    [
        (
            "timeout: '${{ params.s }}'",
            WrongExpressionValue,
            "must be a duration, and is `soon`",
            "${{ params.s }}",
        ),
        (
            "timeout: '${{ params.n }}'",
            WrongExpressionValue,
            "must be a duration, and is `0`",
            "${{ params.n }}",
        ),
        ("priority: '${{ params.s }}'", WrongExpressionValue, "must be a whole number", None),
        ("retry: {max: '${{ params.n - 1 }}'}", WrongExpressionValue, "must be a whole number from 0", None),
        ("retry: {backoff: '${{ params.s }}'}", WrongExpressionValue, "must be a span of durations", None),
        ("env: {X: '${{ 1 // params.n }}'}", EvaluationFailed, "it divides by zero", "1 // params.n"),
        ("if: '${{ params.j.x }}'", EvaluationFailed, "`params.j` has no field `x`", "params.j.x"),
        ("writes: ['${{ params.up }}/x']", PathOutsideProject, "`../x` lies outside", "'${{ params.up }}/x'"),
        ("writes: ['${{ params.n }}']", WrongExpressionValue, "must be a path, and is `0`", None),
        ("deliverables: [{path: /etc/x}]", PathOutsideProject, "`/etc/x` lies outside", "/etc/x"),
        ("output: {from: file, path: '${{ params.up }}'}", PathOutsideProject, "`..` lies outside", None),
        (
            "output: {schema: nowhere.json}",
            SchemaFileUnusable,
            "`nowhere.json` cannot be used",
            "nowhere.json",
        ),
        ("needs: {b: {ok: '${{ params.two }}'}}", CountWithoutItems, "2 of its items", None),
        ("needs: {b: {ok: '${{ params.n }}'}}", WrongExpressionValue, "must be a count, or a share", None),
    ],
)
def test_what_only_the_values_tell(
    tmp_path: Path, text: str, error: type[InputError], words: str, place: str | None
) -> None:
    graph = f"""
        params:
          s: {{default: soon}}
          n: {{type: integer, default: 0}}
          two: {{type: integer, default: 2}}
          j: {{type: json, default: {{}}}}
          up: {{default: ..}}
        tasks:
          a: {{run: echo, {text}}}
          b: {{run: echo}}
    """
    (found,) = bind_problems(tmp_path, graph)
    assert type(found) is error
    assert words in found.message
    assert found.task == "a"
    assert place is None or underlined(found).strip("'") == place.strip("'")


def test_parameters_and_the_rest_are_told_together(tmp_path: Path) -> None:
    text = "params: {p: {}}\ntasks: {a: {run: 'echo ${{ params.q }}'}}\n"
    assert [type(error) for error in bind_problems(tmp_path, text)] == [MissingParameter, UndeclaredKey]


def test_a_bad_default_setting_is_told_once(tmp_path: Path) -> None:
    text = "params: {t: {default: x}}\ndefaults: {timeout: '${{ params.t }}'}\ntasks: {a: {run: echo}, b: {run: echo}}\n"
    (error,) = bind_problems(tmp_path, text)
    assert error.where == ("defaults", "timeout")


def test_links_cannot_lead_out_of_the_project(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "inside").mkdir()
    (tmp_path / "outside").mkdir()
    (project / "out").symlink_to(tmp_path / "outside")
    (project / "in").symlink_to(project / "inside")
    (tmp_path / "door").symlink_to(project)
    for path, leaves in (
        ("out/x", True),
        ("out/*", True),
        ("in/x", False),
        ("in/*/x", False),
        ("new/x", False),
        (str(project / "x"), False),
        (str(tmp_path / "x"), True),
        (str(tmp_path / "door" / "x"), True),
        ("out/../x", True),
        (f"{project}/out/../*", True),
        (f"{project}/*/../../x", True),
        ("in/../x", False),
    ):
        text = f"tasks: {{a: {{run: echo, writes: ['{path}']}}}}\n"
        if leaves:
            (error,) = bind_problems(project, text)
            assert isinstance(error, PathOutsideProject)
        else:
            bound(project, text)


def test_absolute_paths_inside_become_relative(tmp_path: Path) -> None:
    (task,) = bound(tmp_path, f"tasks: {{a: {{run: echo, writes: ['{tmp_path}/a/*', b]}}}}\n").tasks
    assert task.writes == (Literal("a/*"), Literal("b"))


def test_schema_files_are_read_beside_the_graph(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "a.json").write_text('{"type": "object"}')
    (tmp_path / "s" / "b.yaml").write_text("type: array\n")
    text = """
        params: {which: {default: a.json}}
        tasks:
          a: {run: echo, output: {schema: "s/${{ params.which }}"}, deliverables: [{path: x, schema: s/b.yaml}]}
    """
    (task,) = bound(tmp_path, text).tasks
    assert task.output.schema == {"type": "object"}
    assert task.output.form == "json"
    assert task.output.schema_file == "s/a.json"
    assert task.deliverables[0].schema == {"type": "array"}


@pytest.mark.parametrize(
    ("content", "name", "error", "words"),
    [
        (b'{"type": "objekt"}', "s.json", InvalidSchema, "`s.json`: the schema is not valid at `type`"),
        (b"[1]", "s.json", InvalidSchema, "a JSON Schema is a map"),
        (b"{", "s.json", SchemaFileUnusable, "it is not JSON from line 1, column 2 on"),
        (b"\xff", "s.json", SchemaFileUnusable, "not"),
        (b"a: [", "s.yaml", SchemaFileUnusable, "line 1"),
        (b"a: !!python/object x", "s.yaml", SchemaFileUnusable, "tag"),
        (b"", "s.yaml", SchemaFileUnusable, "`s.yaml` cannot be used: it holds nothing"),
        (b"[" * 100_000, "s.json", SchemaFileUnusable, "nests too deeply"),
    ],
)
def test_bad_schema_files(
    tmp_path: Path, content: bytes, name: str, error: type[InputError], words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    (found,) = bind_problems(tmp_path, f"tasks: {{a: {{run: echo, output: {{schema: {name}}}}}}}\n")
    assert type(found) is error
    assert words in found.message
    assert underlined(found) == name


def test_fields_are_held_to_schemas_in_files(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(
        '{"type": "object", "additionalProperties": false, "properties": {"n": {}}}'
    )
    text = """
        tasks:
          a: {run: echo, output: {schema: s.json}}
          b: {run: "echo ${{ tasks.a.output.n }} ${{ tasks.a.output.m }}"}
    """
    (error,) = bind_problems(tmp_path, text)
    assert isinstance(error, ImpossibleReference)
    assert underlined(error) == "tasks.a.output.m"


def test_keys_of_later_work_bind_and_are_listed(tmp_path: Path) -> None:
    text = """
        budget: {usd: 1.0}
        tasks:
          plain: {run: echo}
          dear: {run: echo, estimate: {usd: 1.0}, budget: {tokens: 4k}, timeout: "${{ params.t }}"}
        params: {t: {default: 1m}}
    """
    graph = bound(tmp_path, text)
    assert [item.key for item in graph.later] == ["budget"]
    assert [[item.key for item in task.later] for task in graph.tasks] == [[], ["estimate", "budget"]]
    assert graph.tasks[1].timeout == 60.0


AGENTS = """
    params: {who: {default: you}, model: {default: fast-1}, turns: {type: integer, default: 12}}
    defaults: {tier: haiku, setup: "make ${{ params.who }}"}
    tasks:
      list: {run: echo, output: {as: json}}
      ask:
        role: code-quality
        prompt: "Tell ${{ params.who }} about ${{ tasks.list.output.it }}"
        context:
          files: [{path: "src/${{ tasks.list.output.file }}", lines: 10..40, role: source}, {path: a.py}]
          prior_runs: [0190]
        executor: code-7b3
        reask: 1
        max_turns: ${{ params.turns }}
        model: ${{ params.model }}
        tier: opus
      each:
        {role: docs, prompt: "${{ it }}", each: "${{ tasks.list.output }}", as: it, setup: [x, "${{ it }}"]}
"""


def test_the_work_of_an_agent_binds(tmp_path: Path) -> None:
    graph = bound(tmp_path, AGENTS.replace("[0190]", "['0190']"))
    listed, ask, each = graph.tasks
    assert listed.agent is None
    assert ask.agent == AgentSpec(
        role="code-quality",
        prompt=Concat((Literal("Tell you about "), Expr("tasks.list.output.it"))),
        files=(
            PointerSpec(
                path=Concat((Literal("src/"), Expr("tasks.list.output.file"))), lines=(10, 40), role="source"
            ),
            PointerSpec(path=Literal("a.py")),
        ),
        prior_runs=("0190",),
        executor="code-7b3",
        reask=1,
        max_turns=12,
        tier="opus",
        model="fast-1",
        where=("tasks", "ask", "role"),
    )
    assert ask.setup == CommandSpec(shell='make "${ME_X_1}"', bindings=(("ME_X_1", Literal("you")),))
    assert each.setup == CommandSpec(argv=(Literal("x"), Expr("it")))
    assert (ask.kind, ask.runtime, ask.needs) == ("role", "agent", (Need(task="list", inferred=True),))
    assert each.agent == AgentSpec(
        role="docs", prompt=Expr("it"), tier="haiku", where=("tasks", "each", "role")
    )
    assert bound_json.from_json(json.loads(json.dumps(bound_json.to_json(graph)))) == graph


def test_what_prepares_worktrees_is_passed_to_the_tasks_of_a_graph(tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text("tasks: {a: {run: echo}, b: {run: echo, setup: own}}\n")
    text = "params: {n: {default: x}}\ntasks: {sub: {graph: inner.yaml, setup: 'make ${{ params.n }}'}}\n"
    (sub,) = bound(tmp_path, text).tasks
    assert sub.body is not None
    assert [task.setup for task in sub.body.graph.tasks] == [
        CommandSpec(shell='make "${ME_X_1}"', bindings=(("ME_X_1", Literal("x")),)),
        CommandSpec(shell="own"),
    ]
    late = "tasks: {l: {run: echo}, sub: {graph: inner.yaml, setup: 'make ${{ tasks.l.output }}'}}\n"
    (error,) = bind_problems(tmp_path, late)
    assert isinstance(error, MisplacedReference)


@pytest.mark.parametrize("text", ["run: x, tier: opus", "python: 'm:f', model: x", "approve: x, tier: haiku"])
def test_a_model_means_nothing_without_a_role(tmp_path: Path, text: str) -> None:
    _, (error,) = load_problems(written(tmp_path, f"tasks: {{a: {{{text}}}}}"))
    assert error.code == "ME211"
    assert "needs `role`" in error.message


def test_what_makes_a_task_many_nodes_binds(tmp_path: Path) -> None:
    text = """
        tasks:
          list: {run: echo, output: {as: lines}}
          cells: {run: "echo ${{ matrix.os }}", matrix: {os: [1s, 2s]}, timeout: "${{ matrix.os }}"}
          again: {run: "echo ${{ repeat.index }}", repeat: {until: "${{ repeat.index > 2 }}", max: 3}}
          code: {python: "m:f", with: {x: 1}, each: "${{ tasks.list.output }}", key: "k${{ item }}"}
          sub: {graph: other.yaml, with: {n: 2, s: "${{ tasks.list.status }}"}}
          ask: {approve: "Go?", rewind_to: list, needs: [list]}
    """
    (tmp_path / "other.yaml").write_text(
        "params: {n: {type: integer}, s: {}}\ntasks: {a: {run: 'echo ${{ params.n }} ${{ params.s }}'}}\n"
    )
    graph = bound(tmp_path, text)
    assert not any(task.later for task in graph.tasks)
    assert [task.runtime for task in graph.tasks] == [
        "command", "command", "command", "python", "graph", "approve",
    ]  # fmt: skip
    listed, cells, again, code, sub, ask = graph.tasks
    assert listed.output.path == EMPTY
    assert [(cell.key, dict(cell.values), cell.task.timeout) for cell in cells.cells] == [
        ("os=1s", {"os": "1s"}, 1.0),
        ("os=2s", {"os": "2s"}, 2.0),
    ]
    assert cells.cells[1].task.command == CommandSpec(
        shell='echo "${ME_X_1}"', bindings=(("ME_X_1", Literal("2s")),)
    )
    assert (cells.command, cells.timeout) == (None, None)
    assert again.repeat == RepeatSpec(until=Expr("repeat.index > 2"), maximum=3)
    assert again.command == CommandSpec(
        shell='echo "${ME_X_1}"', bindings=(("ME_X_1", Expr("repeat.index")),)
    )
    assert code.python == CallableSpec(module="m", function="f")
    assert code.each == EachSpec(items=Expr("tasks.list.output"), key=Concat((Literal("k"), Expr("item"))))
    assert code.needs == (Need(task="list", inferred=True, for_items=True),)
    assert sub.body is not None
    assert sub.body.given == (("s", Expr("tasks.list.status")),)
    assert sub.needs == (Need(task="list", mode="done", inferred=True),)
    assert dict(sub.body.graph.params)["n"] == 2
    assert ask.ask == AskSpec(question=Literal("Go?"), rewind_to="list")


def test_what_a_matrix_gives_is_looked_at_cell_by_cell(tmp_path: Path) -> None:
    text = """
        tasks:
          cells: {run: echo, matrix: {os: [a, 2s, b]}, timeout: "${{ matrix.os }}"}
    """
    assert [(error.code, error.message) for error in bind_problems(tmp_path, text)] == [
        ("ME414", f"the value of this expression must be a duration, and is `{cell}`") for cell in "ab"
    ]


def test_a_name_is_taken_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "deploy.v2.yaml"
    path.write_text("tasks: {a: {run: echo}}\n")
    from metaensemble.tasks import load

    graph = bind(load(path), {}, project=tmp_path, cwd=tmp_path, environ={})
    assert graph.name == "deploy.v2"
    assert graph.source == str(path)
    assert len(graph.source_digest) == 64


HELD_TO = """
    params: {n: {type: integer, default: 3}}
    tasks:
      a: {run: echo, output: {as: json}}
      b:
        role: code-quality
        acceptance: ["at most ${{ params.n }} findings", "${{ tasks.a.output.must }}"]
        checks:
          - test ${{ tasks.a.output.n }} -lt "${{ params.n }}"
          - [test, "${{ tasks.a.output.n }}", "-lt", "${{ params.n }}"]
          - make
        quality: reask
        deliverables: [{path: a.py, must_export: [f, G], coverage: 80}, {path: b.py}]
"""


def test_what_the_work_is_held_to_binds(tmp_path: Path) -> None:
    graph = bound(tmp_path, HELD_TO)
    b = graph.tasks[1]
    assert b.acceptance == (Literal("at most 3 findings"), Expr("tasks.a.output.must"))
    assert b.checks == (
        CommandSpec(
            shell='test "${ME_X_1}" -lt "${ME_X_2}"',
            bindings=(("ME_X_1", Expr("tasks.a.output.n")), ("ME_X_2", Literal(3))),
        ),
        CommandSpec(argv=(Literal("test"), Expr("tasks.a.output.n"), Literal("-lt"), Literal(3))),
        CommandSpec(shell="make"),
    )
    assert b.quality == "reask"
    assert b.deliverables == (
        DeliverableSpec(path=Literal("a.py"), must_export=("f", "G"), coverage=80.0),
        DeliverableSpec(path=Literal("b.py")),
    )
    assert b.needs == (Need(task="a", inferred=True),)
    assert bound_json.from_json(json.loads(json.dumps(bound_json.to_json(graph)))) == graph


def test_a_member_of_a_pattern_has_checks_of_its_own(tmp_path: Path) -> None:
    text = """
        tasks:
          a:
            run: echo
            checks: [make]
            pattern: {consensus: {members: [{checks: ["test ${{ run.id }}"]}, {run: "true"}]}}
    """
    (task,) = bound(tmp_path, text).tasks
    assert task.pattern is not None
    own, other = (member.task for member in task.pattern.settings["members"])
    assert own.checks == (CommandSpec(shell='test "${ME_X_1}"', bindings=(("ME_X_1", Expr("run.id")),)),)
    assert other.checks == (CommandSpec(shell="make"),)


def test_statements_are_for_those_who_can_read_them(tmp_path: Path) -> None:
    text = 'tasks: {a: {run: echo, acceptance: ["it is good"]}}'
    _, problems = load_problems(written(tmp_path, text))
    assert [problem.message for problem in problems] == ["`acceptance` needs `role`"]
