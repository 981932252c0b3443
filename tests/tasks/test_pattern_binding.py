"""Patterns of bound tasks: settings that are values, and members that are tasks."""

from __future__ import annotations

from pathlib import Path

from metaensemble.schemas.bound import (
    BoundTask,
    CallableSpec,
    CommandSpec,
    Member,
    OutputContract,
    PatternUse,
)
from metaensemble.schemas.errors import MisplacedReference
from metaensemble.schemas.template import Expr, Literal
from support.graph_texts import bind_problems, bound, underlined


def use_of(task: BoundTask) -> PatternUse:
    assert task.pattern is not None
    return task.pattern


def first(folder: Path, text: str, params: dict[str, object] | None = None) -> BoundTask:
    return bound(folder, text, params).tasks[0]


def members(task: BoundTask, key: str = "members") -> list[Member]:
    found = use_of(task).settings[key]
    assert isinstance(found, list)
    return found


# ---- settings


def test_settings_are_values_once_parameters_are_known(tmp_path: Path) -> None:
    text = """
        params: {n: {type: integer, default: 3}, who: {default: world}}
        tasks:
          a:
            run: x
            env: {GREETING: "hello ${{ params.who }}"}
            pattern:
              fanout:
                n: ${{ params.n }}
                briefs: ["for ${{ params.who }}", "${{ env.GREETING }}", plain]
                join: {best: "${{ params.who }}.score"}
                x-note: ${{ params.n }}
    """
    use = use_of(first(tmp_path, text, {"n": "4"}))
    assert (use.name, use.where) == ("fanout", ("tasks", "a", "pattern", "fanout"))
    assert dict(use.settings) == {
        "n": 4,
        "briefs": ["for world", "hello world", "plain"],
        "join": {"best": "world.score"},
    }


def test_a_name_alone(tmp_path: Path) -> None:
    use = use_of(first(tmp_path, "tasks: {a: {run: x, pattern: solo}}"))
    assert (use.name, dict(use.settings), use.where) == ("solo", {}, ("tasks", "a", "pattern"))


def test_every_cell_has_settings_of_its_own(tmp_path: Path) -> None:
    text = """
        tasks:
          a:
            matrix: {k: [2, 5]}
            run: echo ${{ matrix.k }}
            pattern: {fanout: {n: "${{ matrix.k }}", join: {synthesise: {run: "cat ${{ matrix.k }}"}}}}
    """
    task = first(tmp_path, text)
    assert task.pattern is None
    uses = [use_of(cell.task) for cell in task.cells]
    assert [use.settings["n"] for use in uses] == [2, 5]
    commands = [use.settings["join"]["synthesise"].task.command for use in uses]
    assert [command.bindings[0][1] for command in commands] == [Literal(2), Literal(5)]


def test_what_only_the_run_will_tell_is_no_setting(tmp_path: Path) -> None:
    text = """
        tasks:
          b: {run: x}
          a: {run: x, env: {LATE: "${{ tasks.b.output }}"}, pattern: {fanout: {n: 2, briefs: ["${{ env.LATE }}", y]}}}
    """
    (error,) = bind_problems(tmp_path, text)
    assert isinstance(error, MisplacedReference)
    assert "env.LATE" in underlined(error)


# ---- presets


def test_settings_stand_over_those_of_the_preset(tmp_path: Path) -> None:
    text = """
        patterns:
          careful: {refine: {rounds: 5, check: {run: ./test.sh}}}
          quick: {careful: {rounds: 1}}
        tasks:
          a: {run: x, pattern: {careful: {rounds: 2}}}
          b: {run: x, pattern: careful}
          c: {run: x, pattern: quick}
          d: {run: x, pattern: {quick: {rounds: 0, check: {run: ./other.sh}}}}
    """
    uses = [use_of(task) for task in bound(tmp_path, text).tasks]
    assert [use.name for use in uses] == ["refine"] * 4
    assert [use.settings["rounds"] for use in uses] == [2, 5, 1, 0]
    checks = [use.settings["check"].task.command.shell for use in uses]
    assert checks == ["./test.sh", "./test.sh", "./test.sh", "./other.sh"]


def test_members_of_a_preset_have_what_the_task_has(tmp_path: Path) -> None:
    text = """
        params: {level: {type: integer, default: 3}}
        patterns:
          careful: {refine: {check: {run: "./test.sh ${{ params.level }}", env: {B: b}}}}
        tasks:
          a: {run: x, env: {A: a}, with: {one: 1}, pattern: careful}
    """
    check = use_of(first(tmp_path, text)).settings["check"]
    assert check.task.env == (("A", Literal("a")), ("B", Literal("b")))
    assert check.task.inputs == (("one", Literal(1)),)
    assert check.task.command.bindings[0][1] == Literal(3)


def test_presets_that_name_each_other_in_a_circle_end(tmp_path: Path) -> None:
    text = """
        patterns: {one: {two: {}}, two: {one: {}}}
        tasks: {a: {run: x}}
    """
    assert bound(tmp_path, text).tasks[0].pattern is None


# ---- members


FULL = """
    tasks:
      b: {run: x}
      a:
        run: ./own.sh
        with: {one: 1, two: 2}
        env: {A: a, B: b}
        secrets: [TOKEN, KEY]
        timeout: 10s
        effects: external
        output: {as: json}
        writes: [own.txt]
        pattern:
          fanout:
            members:
              - {}
              - run: ./other.sh
                with: {two: two, three: "${{ tasks.b.output }}"}
                env: {B: bb, C: "${{ env.B }}"}
                secrets: [KEY, MORE]
                timeout: 20s
                effects: none
                writes: [other.txt]
              - {python: "m:f", output: {as: lines}, name: third, brief: Look, x-note: ignored}
"""


def test_a_member_is_the_task_with_what_it_says_put_in(tmp_path: Path) -> None:
    task = bound(tmp_path, FULL).tasks[1]
    same, other, third = members(task)
    assert same.task.command == task.command
    assert same.task.pattern is None
    assert (same.has_work, same.given, dict(same.keys)) == (False, frozenset(), {})
    assert same.where == ("members", 0)
    assert other.has_work
    assert other.task.command == CommandSpec(shell="./other.sh")
    assert (other.task.timeout, other.task.effects) == (20.0, "none")
    assert other.task.output == OutputContract(form="json")
    assert other.task.writes == (Literal("other.txt"),)
    assert other.given == {"run", "with", "env", "secrets", "timeout", "effects", "writes"}
    assert third.task.command is None
    assert third.task.python == CallableSpec(module="m", function="f")
    assert (third.task.kind, third.task.runtime) == ("python", "python")
    assert third.task.output == OutputContract(form="lines")
    assert (third.task.timeout, third.task.effects) == (10.0, "external")
    assert dict(third.keys) == {"name": "third", "brief": "Look"}


def test_inputs_variables_and_secrets_are_merged(tmp_path: Path) -> None:
    _, other, _ = members(bound(tmp_path, FULL).tasks[1])
    assert other.task.inputs == (
        ("one", Literal(1)),
        ("two", Literal("two")),
        ("three", Expr("tasks.b.output")),
    )
    assert other.task.env == (("A", Literal("a")), ("B", Literal("bb")), ("C", Literal("bb")))
    assert other.task.secrets == ("TOKEN", "KEY", "MORE")


def test_variables_of_one_member_are_not_seen_by_the_next(tmp_path: Path) -> None:
    text = """
        tasks:
          a:
            env: {A: a}
            pattern:
              fanout:
                members:
                  - {run: "echo ${{ env.A }}", env: {A: mine}}
                  - {run: "echo ${{ env.A }}"}
    """
    one, two = members(first(tmp_path, text))
    assert one.task.command is not None
    assert two.task.command is not None
    assert [one.task.command.bindings[0][1], two.task.command.bindings[0][1]] == [
        Literal("mine"),
        Literal("a"),
    ]


def test_what_members_refer_to_is_needed(tmp_path: Path) -> None:
    text = """
        tasks:
          one: {run: x}
          two: {run: x}
          three: {run: x}
          a:
            run: x
            pattern:
              fanout:
                join: {synthesise: {run: "cat ${{ tasks.three.output }}"}}
                members:
                  - {run: "echo ${{ tasks.one.output }}"}
                  - {run: [echo, "${{ tasks.two.status }}"]}
    """
    needs = {need.task: need.mode for need in bound(tmp_path, text).tasks[3].needs}
    assert needs == {"one": "ok", "two": "done", "three": "ok"}


def test_members_see_the_item(tmp_path: Path) -> None:
    text = """
        tasks:
          a:
            each: ${{ ["x", "y"] }}
            as: file
            pattern: {fanout: {members: [{run: "wc ${{ file }}"}, {run: ["cat", "${{ file }}"]}]}}
    """
    one, two = members(first(tmp_path, text))
    assert one.task.command == CommandSpec(shell='wc "${ME_X_1}"', bindings=(("ME_X_1", Expr("file")),))
    assert two.task.command == CommandSpec(argv=(Literal("cat"), Expr("file")))


def test_a_member_with_a_pattern_of_its_own(tmp_path: Path) -> None:
    text = """
        tasks:
          a:
            run: x
            pattern:
              fanout:
                members:
                  - {run: y, pattern: {refine: {rounds: 1, check: {run: z}}}}
                  - {pattern: {fanout: {n: 2}}}
    """
    one, two = members(first(tmp_path, text))
    inner = use_of(one.task)
    assert (inner.name, inner.settings["rounds"]) == ("refine", 1)
    assert inner.where == ("tasks", "a", "pattern", "fanout", "members", 0, "pattern", "refine")
    assert inner.settings["check"].task.command == CommandSpec(shell="z")
    assert inner.settings["check"].where == ("check",)
    assert two.has_work
    assert two.task.command == CommandSpec(shell="x")
    assert use_of(two.task).settings == {"n": 2}


def test_a_graph_as_a_member(tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text("params: {n: {type: integer}}\ntasks: {t: {run: x}}\n")
    text = """
        tasks:
          a:
            with: {own: 1}
            pattern: {fanout: {members: [{graph: inner.yaml, with: {n: 3}}, {run: y}]}}
    """
    one, two = members(first(tmp_path, text))
    assert one.task.body is not None
    assert one.task.body.graph.params == (("n", 3),)
    assert one.task.inputs == ()
    assert two.task.body is None
