"""From a file to a validated graph: every problem of its shape, each once, in its place."""

from __future__ import annotations

import contextlib
import hashlib
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metaensemble import api
from metaensemble.cli.draw import draw
from metaensemble.schemas.errors import InputError, InputErrors
from metaensemble.tasks import load, load_problems
from metaensemble.tasks.shape_errors import _OWN
from support.yaml_texts import mutated, mutated_bytes

ROOT = Path(__file__).parents[2]
GRAPHS = sorted((ROOT / "examples").rglob("*.yaml"))
HELLO = "tasks:\n  hello:\n    run: echo hello\n"


def _problems(tmp_path: Path, text: str) -> list[InputError]:
    path = tmp_path / "graph.yaml"
    path.write_text(text)
    return load_problems(path)[1]


def _told(tmp_path: Path, text: str) -> list[tuple[str, str, str | None]]:
    return [(error.code, error.message, error.hint) for error in _problems(tmp_path, text)]


def test_a_sound_file(tmp_path: Path) -> None:
    path = tmp_path / "graph.yaml"
    path.write_text(HELLO)
    loaded = load(path)
    assert loaded.file == str(path)
    assert loaded.digest == hashlib.sha256(HELLO.encode()).hexdigest()
    assert loaded.is_whole
    assert loaded.graph.tasks["hello"].run == "echo hello"
    assert loaded.document.span(("tasks", "hello", "run")).line == 3
    assert load(str(path)).graph == loaded.graph


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.parent.name)
def test_the_examples_are_sound(path: Path) -> None:
    assert load(path).is_whole


def test_load_raises_all_that_load_problems_tells(tmp_path: Path) -> None:
    path = tmp_path / "graph.yaml"
    path.write_text("nmae: x\n" + HELLO + "    timeout: 3\n")
    with pytest.raises(InputErrors) as caught:
        load(path)
    assert [error.code for error in caught.value.errors] == ["ME201", "ME206"]


def test_every_mistake_that_the_models_know_has_a_class() -> None:
    known = set()
    for path in (ROOT / "schemas").glob("*.py"):
        known |= set(re.findall(r'\bmistake\(\s*"([a-z_]+)"', path.read_text()))
    assert known == set(_OWN)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "priority: high",
            ("ME202", "`priority` must be a whole number, not text", "write a number, such as `3`"),
        ),
        ('priority: "3"', ("ME202", "`priority` must be a whole number, not text", "drop the quotes: `3`")),
        ("priority: 2.0", ("ME202", "`priority` must be a whole number, not `2.0`", "write `2`")),
        ("priority: true", ("ME202", "`priority` must be a whole number, not true or false", None)),
        (
            "priority:",
            (
                "ME202",
                "`priority` must be a whole number, not nothing",
                "give it a value, or leave the key out",
            ),
        ),
        (
            "description: 3",
            ("ME202", "`description` must be text, not a whole number", 'put it in quotes: `"3"`'),
        ),
        ("description: yes", None),
        ("cwd: true", ("ME202", "`cwd` must be text, not true or false", 'put it in quotes: `"true"`')),
        ("tags: slow", ("ME202", "`tags` must be a list, not text", "write a list: `[slow]`")),
        (
            "with: 3",
            (
                "ME202",
                "`with` must be a map, not a whole number",
                "write `key: value` lines below it, or `{key: value}`",
            ),
        ),
        (
            "timeout: [90s]",
            (
                "ME206",
                "`timeout` must be a duration, not a list",
                "write a number and a unit (ms, s, m, h, d), such as `90s`, `10m` or `1h30m`",
            ),
        ),
        (
            "timeout: 90",
            ("ME206", "the duration `90` has no unit", "write `90s` for seconds or `90m` for minutes"),
        ),
        ("effects: extern", ("ME204", "`effects` cannot be `extern`", "did you mean `external`?")),
        (
            "effects: 3",
            (
                "ME202",
                "`effects` must be one of a few words, not a whole number",
                "write `none`, `local` or `external`",
            ),
        ),
        ("retry: {max: -1}", ("ME205", "`max` must be at least 0, and is -1", None)),
        ("retry: {on: [exit]}", ("ME204", "item 1 of `on` cannot be `exit`", "did you mean `exit_status`?")),
        (
            "deliverables: [{path: a}, {}]",
            ("ME203", "item 2 of `deliverables` needs the key `path`", "add `path: …`"),
        ),
        ("timeuot: 90s", ("ME201", "unknown key `timeuot` in the task `hello`", "did you mean `timeout`?")),
        (
            "depends_on: [a]",
            ("ME201", "unknown key `depends_on` in the task `hello`", "did you mean `needs`?"),
        ),
        (
            "depends-on: [a]",
            ("ME201", "unknown key `depends-on` in the task `hello`", "did you mean `needs`?"),
        ),
        (
            "concurrency: 3",
            (
                "ME201",
                "unknown key `concurrency` in the task `hello`",
                "`concurrency` is a key of the whole file; move it there",
            ),
        ),
        (
            "xyzzy: 3",
            (
                "ME201",
                "unknown key `xyzzy` in the task `hello`",
                "`me dag schema tasks` lists the keys; those that begin with `x-` are ignored",
            ),
        ),
        (
            "retry: {xyzzy: 3}",
            ("ME201", "unknown key `xyzzy` in `retry`", "the keys here are `max`, `backoff` and `on`"),
        ),
        ("x-anything: [3]", None),
    ],
)
def test_one_line_one_error(tmp_path: Path, line: str, told: tuple[str, str, str | None] | None) -> None:
    assert _told(tmp_path, f"{HELLO}    {line}\n") == ([told] if told else [])


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("taks: {a: {run: x}}", ["ME201"]),  # and not also: `tasks` is missing
        ("name: x", ["ME203"]),
        ("tasks: {a: {command: x}}", ["ME201"]),  # and not also: the task does nothing
        ("tasks: {a: {timeout: 1s}}", ["ME207"]),
        ("tasks: {a: {run: x, approve: y}}", ["ME208"]),
        ("tasks: {a b: {run: x}}", ["ME209"]),
        ("tasks: {a: {run: x, if: true}}", ["ME210"]),
        ("tasks: {a: {run: x, prompt: y}}", ["ME211"]),
        ("version: 2\ntasks: {a: {run: x}}", ["ME212"]),
        ("tasks: {a: {run: [x, 1]}}", ["ME213"]),
        ("tasks: {a: {run: x}, b: {run: x, needs: [a, a]}}", ["ME214"]),
        ("tasks: {a: {run: x, pattern: 3}}", ["ME215"]),
        ("tasks: {a: {run: x, budget: {tokens: many}}}", ["ME216"]),
        ("[]", ["ME202"]),
        ("tasks: [a]", ["ME202"]),
        ("tasks: {}", ["ME205"]),
    ],
)
def test_codes(tmp_path: Path, text: str, codes: list[str]) -> None:
    assert [error.code for error in _problems(tmp_path, text)] == codes


@pytest.mark.parametrize(
    ("line", "underlined"),
    [
        ("timeuot: 90s", "timeuot"),
        ("timeout: 90", "90"),
        ("tags: [a, 3]", "3"),
        ("env: {1A: b}", "1A"),
        ("prompt: x", "prompt"),
        ("needs:", "needs"),
        ("retry: {max: 1, on: timeout}", "timeout"),
        ("output: {as: [json]}", "[json]"),
    ],
)
def test_the_right_word_is_underlined(tmp_path: Path, line: str, underlined: str) -> None:
    (error,) = _problems(tmp_path, f"{HELLO}    {line}\n")
    span = error.span
    assert span is not None
    assert (span.line, span.text[span.column - 1 :][: span.length]) == (4, underlined)
    assert error.task == "hello"


def test_problems_come_in_the_order_of_the_text(tmp_path: Path) -> None:
    text = "nmae: x\ntasks:\n  a: {run: [x, ${{ y }}], timeout: 1}\n  a: {run: y}\n  b: {rnu: x, if: no}\n"
    found = _problems(tmp_path, text)
    assert [error.code for error in found] == ["ME201", "ME113", "ME206", "ME111", "ME201", "ME210"]
    places = [(error.span.line, error.span.column) for error in found if error.span]
    assert places == sorted(places)


def test_nothing_is_said_about_a_value_that_was_refused_already(tmp_path: Path) -> None:
    text = HELLO + "    priority: .inf\n    cwd: *nowhere\n    tags: {{ x }}\n"
    assert [error.code for error in _problems(tmp_path, text)] == ["ME121", "ME119", "ME120"]


def test_what_is_left_of_a_broken_file_can_be_checked_further(tmp_path: Path) -> None:
    path = tmp_path / "graph.yaml"
    path.write_text(
        "params: {p: {type: integr}, q: 3}\ndefaults: {timeout: 3}\ntasks:\n"
        "  a: {run: [x, 1], needs: [b, b], output: {as: json}}\n  b: [echo, hello]\n"
        "  c d: {run: x}\n  e: {run: x, timeout: 9, env: {K: v}}\n  f: {}\n"
    )
    loaded, problems = load_problems(path)
    assert len(problems) == 9
    assert loaded is not None
    assert not loaded.is_whole
    graph = loaded.graph
    assert list(graph.tasks) == ["a", "b", "e", "f"]
    assert list(graph.params) == ["p", "q"]
    assert graph.tasks["e"].env == {"K": "v"}
    assert graph.tasks["e"].timeout is None


@pytest.mark.parametrize("text", ["[]", "tasks: 3", "tasks: {a b: {run: x}}", "name: x"])
def test_of_some_files_nothing_is_left(tmp_path: Path, text: str) -> None:
    path = tmp_path / "graph.yaml"
    path.write_text(text)
    loaded, problems = load_problems(path)
    assert loaded is None
    assert problems


@given(st.sampled_from(GRAPHS), st.integers(0, 2**32))
@settings(max_examples=100)
def test_mistakes_in_an_example_never_give_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, path: Path, seed: int
) -> None:
    _load_and_draw(tmp_path_factory, mutated(path.read_text(), seed).encode("utf-8", "surrogatepass"))


@given(st.sampled_from(GRAPHS), st.integers(0, 2**32))
@settings(max_examples=100)
def test_damage_to_an_example_never_gives_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, path: Path, seed: int
) -> None:
    _load_and_draw(tmp_path_factory, mutated_bytes(path.read_bytes(), seed))


def _load_and_draw(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "mutated.yaml"
    path.write_bytes(data)
    loaded, problems = load_problems(path)
    assert loaded is not None or problems
    if loaded is not None:
        assert loaded.is_whole == (not problems)
    if problems:
        assert draw(InputErrors(problems)).startswith("error[ME")
    with contextlib.suppress(InputErrors):
        api.plan(path, params={"project": "."})
