"""Graphs that cannot grow: told before anything runs, in the file that is wrong; else when they try."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from metaensemble import api
from metaensemble.cli.draw import draw
from metaensemble.schemas.errors import InputErrors

PART = """\
params: {name: {type: string}, count: {type: integer, default: 1, maximum: 5}}
outputs: {made: "${{ tasks.one.output }}"}
tasks:
  one: {run: "echo ${{ params.name }} ${{ params.count }}"}
"""


class Project:
    """A folder with graph files in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / ".metaensemble").mkdir()

    def write(self, **files: str | bytes) -> None:
        """Write `NAME.yaml` for every name; `a__b` is `a/b.yaml`."""
        for name, text in files.items():
            path = self.root / f"{name.replace('__', '/')}.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def refused(self, **files: str | bytes) -> str:
        """What is drawn of `graph.yaml`, which neither a plan nor a run accepts."""
        self.write(**files)
        with pytest.raises(InputErrors) as planned:
            api.plan(Path("graph.yaml"))
        with pytest.raises(InputErrors) as run:
            api.run(Path("graph.yaml"))
        drawn = draw(planned.value)
        assert drawn == draw(run.value)
        assert not (self.root / ".metaensemble" / "state").exists()
        return drawn

    def run(self, **files: str | bytes) -> dict[str, tuple[str, str]]:
        """State and reason of every node, once `graph.yaml` has run."""
        self.write(**files)
        report = api.run(Path("graph.yaml"))
        nodes = api.status(report.dag_run_id).nodes
        return {node.id: (node.state, node.reason) for node in nodes}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


# ---- sub-graphs


SUB_GRAPHS: dict[str, dict[str, str | bytes]] = {
    "includes-itself": {"graph": "tasks: {again: {graph: graph.yaml}}\n"},
    "includes-itself-through-others": {
        "graph": "tasks: {a: {graph: parts/b.yaml}}\n",
        "parts__b": "tasks: {x: {each: '${{ [1] }}', graph: c.yaml}}\n",
        "parts__c": "tasks: {y: {matrix: {n: [1, 2]}, graph: ../parts/b.yaml}}\n",
    },
    "too-much": {
        "graph": "tasks: {a: {graph: b0.yaml}}\n",
        **{
            f"b{at}": f"tasks: {{x: {{graph: b{at + 1}.yaml}}, y: {{graph: b{at + 1}.yaml}}}}\n"
            for at in range(17)
        },
        "b17": PART,
    },
    "too-deep": {
        "graph": "tasks: {a: {graph: b0.yaml}}\n",
        **{f"b{at}": f"tasks: {{x: {{graph: b{at + 1}.yaml}}}}\n" for at in range(1200)},
        "b1200": PART,
    },
    "missing": {"graph": "tasks: {a: {graph: b.yaml}, c: {graph: nowhere/d.yaml}}\n", "c": PART},
    "a-folder": {"graph": "tasks: {a: {graph: parts}}\n", "parts__b": PART},
    "empty": {"graph": "tasks: {a: {graph: b.yaml}}\n", "b": ""},
    "not-utf8": {"graph": "tasks: {a: {graph: b.yaml}}\n", "b": b"\xff\xfet\x00"},
    "broken-syntax": {"graph": "tasks: {a: {graph: b.yaml}}\n", "b": 'tasks:\n  x: {run: [echo, "a}\n'},
    "broken": {
        "graph": "tasks:\n  a: {graph: parts/b.yaml}\n  c: {graph: parts/b.yaml}\n  d: {graph: parts/e.yaml}\n",
        "parts__b": 'tasks:\n  x: {rnu: echo}\n  y: {run: "echo ${{ tasks.z.output }}"}\n',
        "parts__e": "tasks:\n  x: {run: echo, needs: [y]}\n  y: {run: echo, needs: [x]}\n",
    },
    "parameters": {
        "graph": """\
tasks:
  missing: {graph: b.yaml}
  unknown: {graph: b.yaml, with: {name: x, cuont: 3, other: 1}}
  type: {graph: b.yaml, with: {name: [x], count: many}}
  range: {graph: b.yaml, with: {name: x, count: 9}}
  fine: {graph: b.yaml, with: {name: x, count: 5}}
""",
        "b": PART,
    },
    "late-settings": {
        "graph": """\
tasks:
  n: {run: echo 5}
  a: {graph: b.yaml, with: {n: "${{ tasks.n.output }}"}}
""",
        "b": """\
params: {n: {type: integer}}
concurrency: {max: "${{ params.n }}"}
tasks:
  x: {run: echo, timeout: "${{ params.n }}", repeat: {until: "${{ true }}", max: "${{ params.n }}"}}
  y: {run: "echo ${{ matrix.a }}", matrix: {a: "${{ params.n }}", b: [1, "${{ params.n }}"]}}
  z: {run: echo, matrix: {a: [1, 2]}, exclude: [{a: "${{ params.n }}"}], include: [{a: "${{ params.n }}"}]}
  each: {each: "${{ [1] }}", run: echo, parallel: "${{ params.n }}"}
  fine: {run: "echo ${{ params.n }}", if: "${{ params.n > 3 }}"}
""",
    },
    "outputs": {
        "graph": """\
tasks:
  a: {graph: b.yaml, with: {name: x}}
  many: {each: "${{ [1] }}", graph: b.yaml, with: {name: x}}
  none: {graph: c.yaml}
  wrong: {run: "echo ${{ tasks.a.output.mode }} ${{ tasks.many.outputs[0].output.mode }}"}
  empty: {run: "echo ${{ tasks.none.output.made }}"}
  fine: {run: "echo ${{ tasks.a.output.made }} ${{ tasks.many.outputs[0].output.made }}"}
""",
        "b": PART,
        "c": "tasks: {x: {run: echo}}\n",
    },
    "writes": {
        "graph": """\
tasks:
  sub: {graph: b.yaml}
  beside: {run: echo, writes: [x.txt]}
  each: {each: "${{ [1, 2] }}", graph: c.yaml}
  cells: {matrix: {n: [1, 2]}, run: echo, writes: [z.txt]}
""",
        "b": "tasks: {x: {run: echo, writes: [x.txt]}}\n",
        "c": "tasks: {y: {run: echo, writes: [y.txt]}}\n",
    },
    "known-parameters": {
        "graph": """\
params: {list: {type: json, default: []}, word: {type: string, default: a}, map: {type: json, default: {a: 1}}}
tasks:
  empty: {matrix: {n: "${{ params.list }}", m: "${{ params.word }}"}, run: echo}
  all: {matrix: {n: [a, b]}, exclude: [{n: "${{ params.word }}"}, {n: b}], run: echo}
  count: {needs: {items: {ok: "${{ params.word }}"}}, run: echo}
  one: {needs: {plain: {ok: "${{ params.map.a + 1 }}"}}, run: echo}
  plain: {run: echo}
  items: {each: "${{ params.list }}", run: echo}
  map: {each: "${{ params.map }}", run: echo}
""",
    },
}


@pytest.mark.parametrize("name", SUB_GRAPHS)
def test_what_is_wrong_is_told_before_anything_runs(
    name: str, project: Project, golden: Callable[[str, str], None]
) -> None:
    drawn = project.refused(**SUB_GRAPHS[name])
    golden(f"grown/{name}.txt", drawn.replace(str(project.root), "/project"))


def test_keys_that_are_not_built_are_refused_in_the_file_that_has_them(project: Project) -> None:
    project.write(
        graph="tasks: {a: {graph: b.yaml}}\n",
        b="tasks:\n  x: {run: echo}\n  y: {run: echo, budget: {usd: 1}}\n",
    )
    assert api.plan(Path("graph.yaml")).nodes
    with pytest.raises(InputErrors) as refused:
        api.run(Path("graph.yaml"))
    places = {(error.span.file, error.span.line) for error in refused.value.errors if error.span}
    assert places == {("b.yaml", 3)}


# ---- what only the run can tell

LATE = (
    'tasks:\n  n: {run: "printf %s"}\n  a: {graph: b.yaml, with: {name: x, count: "${{ tasks.n.output }}"}}\n'
)


@pytest.mark.parametrize(
    ("printed", "state", "reason"),
    [
        ("5", "ok", "all of it ended ok"),
        ("many", "failed", "the parameter `count` must be a whole number, not `many`"),
        ("9", "failed", "the parameter `count` must be at most 5, and is `9`"),
        ("''", "failed", "the parameter `count` must be a whole number, not empty text"),
    ],
)
def test_parameters_that_come_late(printed: str, state: str, reason: str, project: Project) -> None:
    nodes = project.run(graph=LATE.replace("%s", printed), b=PART)
    assert nodes["a"] == (state, reason)
    assert ("a/one" in nodes) == (state == "ok")


def fan_out(output: str, **more: str) -> str:
    """A graph with one fan-out over what a command prints as JSON, and a task behind it."""
    keys = "".join(f", {key}: {value}" for key, value in more.items())
    return (
        "tasks:\n"
        f"  list: {{run: [cat, list.json], output: {{as: json}}}}\n"
        f'  each: {{each: "${{{{ tasks.list.output{output} }}}}", run: echo{keys}}}\n'
        "  after: {run: echo, needs: [each]}\n"
    )


KEYED = {"key": '"${{ item.k }}"'}


@pytest.mark.parametrize(
    ("printed", "more", "reason"),
    [
        ('"a b"', {}, "`each` needs a list, and got text; `output: {as: lines}` makes a list of a command's lines"),
        ("3", {}, "`each` needs a list, and got a number"),
        ("true", {}, "`each` needs a list, and got true or false"),
        ("null", {}, "`each` needs a list, and got nothing"),
        ('{"a": 1}', {}, "`each` needs a list, and got an object"),
        ("[1, 2, 1]", {}, "items 1 and 3 are equal, and so have one key; give each a `key` of its own"),
        ('[{"k": "x"}, {"k": "y"}, {"k": "y"}]', KEYED, "items 2 and 3 both have the key `y`"),
        ('[{"k": "x"}, {"k": ""}]', KEYED, "the key of item 2 is empty"),
        ('[{"k": "x"}, {"k": null}]', KEYED, "the key of item 2 is empty"),
        ('[{"k": "x"}, {"j": "y"}]', KEYED, "`key` could not be evaluated: "),
    ],
)  # fmt: skip
def test_fan_outs_that_cannot_grow(printed: str, more: dict[str, str], reason: str, project: Project) -> None:
    (project.root / "list.json").write_text(printed)
    nodes = project.run(graph=fan_out("", **more))
    state, told = nodes["each"]
    assert state == "failed"
    assert told.startswith(reason) if reason.endswith(": ") else told == reason
    assert nodes["after"] == ("blocked", f"blocked because `each` failed: {told}")
    assert list(nodes) == ["list", "each", "after"]


def test_an_expression_of_each_that_has_no_value(project: Project) -> None:
    (project.root / "list.json").write_text("{}")
    nodes = project.run(graph=fan_out(".files"))
    assert nodes["each"][0] == "failed"
    assert nodes["each"][1].startswith(
        "`each` could not be evaluated: `tasks.list.output.files` has no value"
    )


def test_the_most_items_are_bounded_and_the_bound_can_be_raised(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.root / "list.json").write_text(str(list(range(100_001))))
    nodes = project.run(graph=fan_out(""))
    assert nodes["each"] == (
        "failed",
        "`each` has 100,001 items, and the most is 100,000; set ME_MAX_ITEMS to raise that",
    )
    (project.root / "list.json").write_text("[1, 2, 3]")
    monkeypatch.setenv("ME_MAX_ITEMS", "2")
    assert project.run(graph=fan_out(""))["each"][0] == "failed"
    monkeypatch.setenv("ME_MAX_ITEMS", "3")
    assert project.run(graph=fan_out(""))["each"][0] == "ok"


@pytest.mark.parametrize("value", ["many", "0", "-1", "1.5", " "])
def test_a_bound_that_is_no_number_is_refused(
    value: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write(graph="tasks: {a: {run: echo}}\n")
    monkeypatch.setenv("ME_MAX_ITEMS", value)
    with pytest.raises(InputErrors) as refused:
        api.run(Path("graph.yaml"))
    assert "ME_MAX_ITEMS" in refused.value.errors[0].message


ODD = [
    "a[1]",
    "a/b",
    "../x",
    "line\nbreak",
    "tab\there",
    "ä ö 漢字 🙂",
    " ",
    "%",
    "x" * 10_240,
    "x" * 10_241,
    "#2",
    "*",
    "nul\0",
    "\u202e",
]


def test_odd_keys_are_names_like_any_other(project: Project) -> None:
    (project.root / "list.json").write_text(json.dumps(ODD))
    keys = "outputs: {keys: \"${{ tasks.each.outputs | map(attribute='key') | list }}\"}\n"
    nodes = project.run(graph=keys + fan_out("", key='"${{ item }}"'))
    assert nodes["each"] == ("ok", f"{len(ODD)} items ended ok")
    names = [name for name in nodes if name.startswith("each[")]
    assert len(set(names)) == len(ODD)
    for name in names:
        assert len(name) <= 100
        assert not re.search(r"[\x00-\x1f]", name), repr(name)
        assert name.count("[") == name.count("]") == 1, "the brackets of a key are escaped"
    assert api.status(None, outputs=True).outputs == {"keys": ODD}
