"""`budgets.yaml`, of the project and of the user."""

from __future__ import annotations

from pathlib import Path

import pytest

from metaensemble.schemas.errors import InputError
from metaensemble.tasks.budgets_files import FILE, Choice, Choices, load_choices
from support.graph_texts import underlined


def put(folder: Path, text: str) -> None:
    path = folder / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def choices(project: Path, home: Path | None = None) -> Choices:
    found, problems = load_choices(project, home=home)
    assert problems == []
    return found


def problems(project: Path, home: Path | None = None) -> list[InputError]:
    return load_choices(project, home=home)[1]


def test_without_files_nothing_is_said(tmp_path: Path) -> None:
    found = choices(tmp_path, tmp_path / "home")
    assert found.runtime("docs") is None
    assert found.tier("docs") is None
    assert found.model("docs", "claude") is None
    assert found.model_of("claude", "opus") is None


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "x-note: mine\n"])
def test_an_empty_file_says_nothing(tmp_path: Path, text: str) -> None:
    put(tmp_path, text)
    assert choices(tmp_path).runtime("docs") is None


def test_the_project_counts_before_the_user(tmp_path: Path) -> None:
    project, home = tmp_path / "project", tmp_path / "home"
    put(
        home,
        "runtime: codex\nroles: {docs: {runtime: gemini, tier: opus}}\nmodels: {codex: {opus: a, haiku: b}}\n",
    )
    put(project, "models: {codex: {opus: c}}\n")
    found = choices(project, home)
    assert found.runtime("docs") == Choice("gemini", "your own budgets.yaml says so for `docs`")
    assert found.runtime("backend") == Choice("codex", "your own budgets.yaml says so")
    assert (found.model_of("codex", "opus"), found.model_of("codex", "haiku")) == ("c", "b")
    put(project, "runtime: claude\nroles: {docs: {tier: haiku}}\n")
    found = choices(project, home)
    assert found.runtime("docs") == Choice("claude", "the project's budgets.yaml says so")
    assert found.tier("docs") == "haiku"


def test_a_model_of_a_role_belongs_to_the_runtime_beside_it(tmp_path: Path) -> None:
    put(tmp_path, "roles: {docs: {runtime: codex, model: m}, backend: {model: n}}\n")
    found = choices(tmp_path)
    assert (found.model("docs", "codex"), found.model("docs", "claude")) == ("m", None)
    assert (found.model("backend", "codex"), found.model("backend", "claude")) == ("n", "n")


def test_some_model_of_a_runtime(tmp_path: Path) -> None:
    put(
        tmp_path,
        "roles: {docs: {runtime: api, model: m}, backend: {model: n}}\nmodels: {codex: {haiku: h}}\n",
    )
    found = choices(tmp_path)
    assert [found.some_model(name) for name in ("api", "codex", "gemini")] == ["m", "h", None]


def test_a_nearer_tier_hides_a_model_further_out(tmp_path: Path) -> None:
    project, home = tmp_path / "project", tmp_path / "home"
    put(home, "roles: {docs: {model: m}}\n")
    put(project, "roles: {docs: {tier: haiku}}\n")
    assert choices(project, home).model("docs", "claude") is None


def test_the_same_file_is_read_once(tmp_path: Path) -> None:
    put(tmp_path, "runtim: x\n")
    assert len(problems(tmp_path, tmp_path)) == 1


def test_mistakes_are_told_at_their_places(tmp_path: Path) -> None:
    put(
        tmp_path,
        "models:\n  claude: {opsu: x, haiku: 3}\nroles:\n  Docs: {tier: small}\n  docs: {client: codex}\n",
    )
    assert [(error.code, underlined(error)) for error in problems(tmp_path)] == [
        ("ME201", "opsu"), ("ME202", "3"), ("ME209", "Docs"), ("ME204", "small"), ("ME201", "client"),
    ]  # fmt: skip
    hints = [error.hint for error in problems(tmp_path)]
    assert hints[0] == "did you mean `opus`?"
    assert hints[4] == "did you mean `runtime`?"


def test_a_folder_in_its_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir(parents=True)
    assert [error.code for error in problems(tmp_path)] == ["ME102"]
