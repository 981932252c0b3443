"""What the names of patterns stand for, and what is wrong with them: each error at its place."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from metaensemble import api
from metaensemble.patterns.registry import BUILT_IN as PATTERNS
from metaensemble.schemas.errors import InputError, InputErrors
from metaensemble.schemas.pattern_ref import BUILT_IN
from metaensemble.schemas.plan import Plan
from support.graph_texts import underlined

WORK = "run: echo"
TYPED = "output: {schema: {type: object, properties: {verdict: {type: string}}}}"


class Folder:
    """A project, whose patterns are written by name."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / ".metaensemble" / "patterns").mkdir(parents=True)

    def pattern(self, name: str, text: str) -> None:
        self.file(f".metaensemble/patterns/{name}", text)

    def file(self, name: str, text: str) -> None:
        (self.root / name).write_text(dedent(text).lstrip("\n"))

    def plan(self, text: str) -> Plan:
        self.file("graph.yaml", text)
        return api.plan(self.root / "graph.yaml", cwd=self.root)

    def nodes(self, text: str) -> list[str]:
        return [node.id for node in self.plan(text).nodes]

    def errors(self, text: str) -> list[tuple[str, str, str]]:
        """The codes of what is wrong, the file and line, and what is underlined; `check` says the same."""
        with pytest.raises(InputErrors) as caught:
            self.plan(text)
        found = [self._short(error) for error in caught.value.errors]
        assert [self._short(error) for error in api.check(self.root / "graph.yaml")] == found
        return found

    def _short(self, error: InputError) -> tuple[str, str, str]:
        assert error.span is not None
        file = Path(error.span.file)
        return error.code, f"{file.name}:{error.span.line}", underlined(error)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_the_grammar_and_the_registry_know_the_same_names() -> None:
    assert sorted(BUILT_IN) == sorted(PATTERNS)


def test_the_graph_comes_before_the_project_and_presets_lead_on(folder: Folder) -> None:
    folder.pattern("one.yaml", "fanout: {n: 2}")
    folder.pattern("two.yml", "one: {n: 3}")
    folder.pattern("shape.yaml", "tasks: {a: {run: echo}, b: {run: echo, needs: [a]}}")
    folder.file("other.yaml", "tasks: {only: {run: echo}}")
    graph = f"""
        patterns:
          one: {{fanout: {{n: 4}}}}
          local: {{graph: other.yaml}}
          renamed: shape
        tasks:
          a: {{{WORK}, pattern: one}}
          b: {{{WORK}, pattern: two}}
          c: {{{WORK}, pattern: {{two: {{n: 2, join: first_ok}}}}}}
          d: {{pattern: local}}
          e: {{pattern: renamed}}
    """
    nodes = folder.nodes(graph)
    members = {name: [one for one in nodes if one.startswith(f"{name}.")] for name in "abcde"}
    assert members["a"] == ["a.1", "a.2", "a.3", "a.4", "a.join"]
    # The project's preset `two` means the project's `one`, whatever the graph calls so.
    assert members["b"] == ["b.1", "b.2", "b.3", "b.join"]
    assert members["c"] == ["c.1", "c.2", "c.join"]
    assert members["d"] == ["d.only"]
    assert members["e"] == ["e.a", "e.b"]


def test_a_preset_that_names_itself_gives_what_lies_further_out_other_defaults(folder: Folder) -> None:
    folder.pattern("fanout.yaml", "fanout: {n: 5, join: first_ok}")
    nodes = folder.nodes(f"""
        patterns: {{fanout: {{fanout: {{n: 2}}}}}}
        tasks: {{a: {{{WORK}, pattern: fanout}}, b: {{{WORK}, pattern: {{fanout: {{n: 3}}}}}}}}
    """)
    # `join: first_ok` is the project's, and needs no `join: collect`.
    assert nodes == ["a", "a.1", "a.2", "a.join", "b", "b.1", "b.2", "b.3", "b.join"]


@pytest.mark.parametrize(
    ("files", "graph", "errors"),
    [
        ({}, "x: {pattern: careful, run: echo}", [("ME330", "graph.yaml:1", "careful")]),
        (
            {"a.yaml": "b: {}", "b.yaml": "a: {}"},
            "x: {pattern: a, run: echo}",
            [("ME341", "graph.yaml:1", "a")],
        ),
        (
            {"a.yaml": "tasks: {t: {pattern: b}}", "b.yaml": "tasks: {t: {pattern: a}}"},
            "x: {pattern: a, run: echo}",
            [("ME341", "b.yaml:1", "a")],
        ),
        (
            {"a.yaml": "tasks: {t: {pattern: solo}}\n...\nx"},
            "x: {pattern: a, run: echo}",
            [("ME110", "a.yaml:3", "x")],
        ),
        (
            {"a.yaml": "{consensus: 3}"},
            "x: {pattern: a, run: echo}",
            [("ME215", "a.yaml:1", "{consensus: 3}")],
        ),
        (
            {"a.yaml": "tasks: {t: {pattern: solo, runs: 3}}"},
            "x: {pattern: a, run: echo}",
            [("ME201", "a.yaml:1", "runs")],
        ),
        (
            {"team.yaml": "tasks: {t: {pattern: solo}}"},
            "x: {pattern: team, run: echo}",
            [("ME348", "graph.yaml:1", "team")],
        ),
        (
            {"team.yaml": "fanout: {n: 2}"},
            "x: {pattern: team, run: echo}",
            [("ME348", "team.yaml:1", "fanout: {n: 2}")],
        ),
        (
            {"a.yaml": "params: {n: {type: integer}, m: {default: x}}\ntasks: {t: {pattern: solo}}"},
            "x: {run: echo, pattern: {a: {m: 1, l: 2}}}",
            [
                ("ME332", "graph.yaml:1", "{m: 1, l: 2}"),
                ("ME333", "graph.yaml:1", "1"),
                ("ME331", "graph.yaml:1", "l"),
            ],
        ),
        (
            {"a.yaml": "b: {n: x}", "b.yaml": "params: {n: {type: integer}}\ntasks: {t: {pattern: solo}}"},
            "x: {run: echo, pattern: a}",
            [("ME333", "a.yaml:1", "x")],
        ),
        (
            {"a.yaml": "fanout: {n: 1}"},
            "x: {run: echo, pattern: a}",
            [("ME334", "a.yaml:1", "1")],
        ),
        (
            {"a.yaml": "fanout: {members: [{run: 'a ${{ params.x }}'}, {run: b}]}"},
            "x: {run: echo, pattern: a}",
            [("ME406", "a.yaml:1", "params.x")],
        ),
        (
            {"a.yaml": "tasks: {t: {pattern: {fanout: {m: 2}}}}"},
            "x: {run: echo, pattern: a}",
            [("ME331", "a.yaml:1", "m")],
        ),
        (
            {"a.yaml": "tasks: {t: {pattern: solo, each: '${{ [1] }}'}}"},
            "x: {run: echo, pattern: a}",
            [("ME347", "a.yaml:1", "each")],
        ),
        (
            {"a.yaml": "tasks: {t: {run: echo}, u: {run: echo}}"},
            "x: {pattern: a}",
            [("ME347", "graph.yaml:1", "a")],
        ),
        (
            {"a.yaml": "tasks: {t: {run: echo}}"},
            "x: {run: echo lost, pattern: a}",
            [("ME347", "graph.yaml:1", "a")],
        ),
        (
            {"a.yaml": "tasks: {t: {run: 'echo ${{ item }}'}, u: {pattern: solo, needs: [t]}}"},
            "x: {run: echo, each: '${{ [1] }}', pattern: a}",
            [("ME403", "a.yaml:1", "item")],
        ),
    ],
)
def test_errors_are_told_where_they_are_made(
    folder: Folder, files: dict[str, str], graph: str, errors: list[tuple[str, str, str]]
) -> None:
    for name, text in files.items():
        folder.pattern(name, text)
    found = folder.errors(f"tasks: {{{graph}}}")
    assert sorted(found) == sorted(errors)


def test_a_pattern_whose_task_runs_the_graph_that_uses_it_is_endless(folder: Folder) -> None:
    folder.pattern("a.yaml", "tasks: {t: {graph: ../../graph.yaml}}")
    with pytest.raises(InputErrors) as caught:
        folder.plan("tasks: {x: {pattern: a}}")
    assert [error.code for error in caught.value.errors] == ["ME322"]


def test_entries_of_the_graph_are_looked_at_even_when_nobody_uses_them(folder: Folder) -> None:
    found = folder.errors("""
        patterns:
          judge: {graph: judge.yaml}
          panel: {graph: "${{ params.x }}.yaml"}
        tasks: {x: {run: echo}}
    """)
    assert found == [("ME348", "graph.yaml:2", "judge"), ("ME413", "graph.yaml:3", "${{ params.x }}")]


def test_a_file_that_is_not_there_is_told_at_the_use(folder: Folder) -> None:
    found = folder.errors("""
        patterns: {a: {graph: gone.yaml}}
        tasks: {x: {run: echo, pattern: a}}
    """)
    assert found == [("ME347", "graph.yaml:2", "a")]


def test_a_name_that_is_nearly_one_of_the_projects_is_recognised(folder: Folder) -> None:
    folder.pattern("careful.yaml", "tasks: {t: {pattern: solo}}")
    with pytest.raises(InputErrors) as caught:
        folder.plan("tasks: {x: {run: echo, pattern: carefull}}")
    assert caught.value.errors[0].hint == "did you mean `careful`?"


def test_a_graph_that_is_a_pattern_is_valid_by_itself_and_cannot_be_run(folder: Folder) -> None:
    text = f"""
        tasks:
          a: {{pattern: solo}}
          b: {{pattern: {{consensus: {{n: 3, vote: verdict}}}}, needs: [a]}}
          c: {{pattern: {{fanout: {{n: 2}}}}, needs: [b], {TYPED}}}
    """
    folder.file("graph.yaml", text)
    assert api.check(folder.root / "graph.yaml") == []
    with pytest.raises(InputErrors) as caught:
        folder.plan(text)
    assert [(error.code, error.task) for error in caught.value.errors] == [
        ("ME343", "a"),
        ("ME337", "b"),
        ("ME343", "c"),
    ]


def test_what_is_wrong_for_one_user_of_a_pattern_names_that_one(folder: Folder) -> None:
    folder.pattern("panel.yaml", "tasks: {votes: {pattern: {consensus: {n: 3, vote: verdict}}}}")
    with pytest.raises(InputErrors) as caught:
        folder.plan(
            f"tasks: {{good: {{run: echo, {TYPED}, pattern: panel}}, bad: {{run: echo, pattern: panel}}}}"
        )
    (error,) = caught.value.errors
    assert error.code == "ME337"
    assert error.hint is not None
    assert error.hint.endswith("(for the task `bad`, which uses the pattern `panel`)")
    assert error.span is not None
    assert error.span.file.endswith("panel.yaml")


def test_keys_of_another_version_are_told_in_the_file_of_the_pattern(folder: Folder) -> None:
    folder.pattern("panel.yaml", "budget: {usd: 3}\ntasks: {t: {pattern: solo, budget: {usd: 1}}}")
    folder.file("graph.yaml", "tasks: {x: {run: echo, pattern: panel}}")
    with pytest.raises(InputErrors) as caught:
        api.run(folder.root / "graph.yaml", cwd=folder.root)
    places = [
        (error.span.file.split("/")[-1], error.span.line) for error in caught.value.errors if error.span
    ]
    assert places == [("panel.yaml", 1), ("panel.yaml", 2)]
