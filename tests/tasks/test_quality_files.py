"""`quality.yaml`: what its layers come to, and what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest

from metaensemble.schemas.errors import InputError, InputErrors
from metaensemble.schemas.quality import CORE, AxisCommand, AxisRule, QualityRules, from_json, to_json
from metaensemble.tasks.quality_files import quality_rules


def write(folder: Path, text: str) -> None:
    (folder / ".metaensemble").mkdir(parents=True, exist_ok=True)
    (folder / ".metaensemble" / "quality.yaml").write_text(text)


def rules(tmp_path: Path, project: str = "", user: str = "") -> QualityRules:
    for name, text in (("project", project), ("home", user)):
        (tmp_path / name).mkdir(exist_ok=True)
        if text:
            write(tmp_path / name, text)
    return quality_rules(project=str(tmp_path / "project"), home=str(tmp_path / "home"))


def problems(tmp_path: Path, text: str) -> list[InputError]:
    with pytest.raises(InputErrors) as caught:
        rules(tmp_path, text)
    return list(caught.value.errors)


def test_without_files_it_is_the_core_layer(tmp_path: Path) -> None:
    assert rules(tmp_path) == QualityRules()
    assert quality_rules(project=str(tmp_path), home=None) == QualityRules()


ALL = """\
correctness: {notify: never, block: 1, timeout: 20m}
security: {notify: low, block: medium, audit: true}
maintainability: off
complexity: {block: never}
coverage: {drop: 2.5, least: 90}
axis_commands:
  .ts:
    maintainability: {run: [eslint, "{files}"], timeout: 30s, state_on_fail: block}
    correctness: {run: [npm, test]}
checks_timeout: 1m
parallel: 2
x-notes: anything
"""


def test_everything_that_a_file_can_say(tmp_path: Path) -> None:
    found = rules(tmp_path, ALL)
    assert found.axes == {
        "correctness": AxisRule(notify=None, block=1, timeout=1200.0),
        "security": AxisRule(notify=1, block=2),
        "maintainability": AxisRule(on=False, notify=6, block=16),
        "complexity": AxisRule(notify=11, block=None),
        "coverage": AxisRule(notify=2.5, block=90),
    }
    assert found.commands == {
        ".ts": {
            "maintainability": AxisCommand(argv=("eslint", "{files}"), timeout=30.0, state_on_fail="block"),
            "correctness": AxisCommand(argv=("npm", "test")),
        }
    }
    assert (found.audit, found.checks_timeout, found.parallel) == (True, 60.0, 2)
    assert from_json(to_json(found)) == found


def test_the_projects_file_goes_before_the_users(tmp_path: Path) -> None:
    user = "complexity: {notify: 5, block: 9}\nsecurity: off\ncoverage: off\naxis_commands: {.c: {security: {run: [a]}}}"
    project = "complexity: {notify: 6}\nsecurity: {}\naxis_commands: {.c: {coverage: {run: [b]}}}"
    found = rules(tmp_path, project, user)
    assert found.axes["complexity"] == AxisRule(notify=6, block=9)
    assert found.axes["security"] == CORE["security"]
    assert not found.axes["coverage"].on
    assert {axis: one.argv for axis, one in found.commands[".c"].items()} == {
        "security": ("a",),
        "coverage": ("b",),
    }


@pytest.mark.parametrize(
    ("text", "message", "hint", "place"),
    [
        ("complexty: off", "unknown key `complexty`", "did you mean `complexity`?", (1, 1)),
        (
            "coverage: {notify: 3}",
            "unknown key `notify` in `coverage`",
            "there are `timeout`, `drop` and `least`",
            (1, 12),
        ),
        (
            "axis_commands:\n  .ts: {style: {run: [x]}}",
            "unknown key `style` in `.ts`",
            "there are `correctness`, `security`, `maintainability`, `complexity` and `coverage`",
            (2, 9),
        ),
        (
            "axis_commands: {ts: {security: {run: [x]}}}",
            "`ts` does not end the name of a file",
            "write it with its dot: `.ts`",
            (1, 17),
        ),
        ("axis_commands: {.ts: {security: {}}}", "`security` needs the key `run`", "add `run: …`", (1, 23)),
        ("complexity: {notify: 0}", "`notify` must be at least 1, and is 0", None, (1, 22)),
        ("complexity: {notify: often}", "`notify` cannot be `often`", "write `never`", (1, 22)),
        ("complexity: on", "`complexity` cannot be `on`", "write `off`", (1, 13)),
        ("coverage: {least: 101}", "`least` must be at most 100, and is 101", None, (1, 19)),
        (
            "security: {block: urgent}",
            "`block` cannot be `urgent`",
            "write `low`, `medium`, `high` or `never`",
            (1, 19),
        ),
        ("parallel: 0", "`parallel` must be at least 1, and is 0", None, (1, 11)),
        (
            "complexity: {notify: 17}",
            "`complexity` blocks from 16 on, and would notify from 17 on, which is worse",
            "as long as nothing else is said, `complexity` notifies from 11 and blocks from 16 on",
            (1, 13),
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, text: str, message: str, hint: str | None, place: tuple[int, int]
) -> None:
    (problem,) = problems(tmp_path, text)
    assert (problem.message, problem.hint) == (message, hint)
    assert problem.span is not None
    assert (problem.span.line, problem.span.column) == place
    assert problem.span.file.endswith("quality.yaml")


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    write(tmp_path / "home", "parallel: 0\n")
    assert len(problems(tmp_path, "a: 1\nb: 2\ncomplexity: maybe\n")) == 4


def test_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "project" / ".metaensemble" / "quality.yaml").mkdir(parents=True)
    (problem,) = problems(tmp_path, "")
    assert problem.code == "ME392"
    assert "is a directory, not a file" in problem.message


def test_yaml_that_cannot_be_read(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "complexity: [1\n")
    assert problem.code.startswith("ME1")
