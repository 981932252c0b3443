"""Every error has a code and a page, the page's examples are true, and the tree is drawn as it is."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from metaensemble.cli.main import main
from metaensemble.cli.pages import Page, Sample, all_pages, page_of
from metaensemble.schemas import errors
from metaensemble.schemas.errors import CODES, MetaEnsembleError
from support.error_tree import drawn_tree, up_to_date
from support.program import path_with_me, run_sh

PAGES = all_pages()
FIRST_DIGIT = {"1": 2, "2": 2, "3": 2, "4": 2, "5": 2, "6": 1, "7": 3, "9": 70}
"""The usual exit code of each group of codes."""


def test_the_docstring_draws_the_tree_and_all_lists_it(request: pytest.FixtureRequest) -> None:
    file = Path(errors.__file__)
    text = file.read_text()
    if request.config.getoption("--regen"):
        file.write_text(up_to_date(text))
        return
    assert text == up_to_date(text), f"run `pytest --regen`; the tree is now\n{drawn_tree()}"


def test_every_module_of_the_tree_is_imported() -> None:
    folder = Path(errors.__file__).parent
    for file in sorted(folder.glob("*.py")):
        module = import_module(f"{errors.__name__}.{file.stem}")
        own = [name for name, value in vars(module).items() if isinstance(value, type)]
        codes = [name for name in own if getattr(module, name).__dict__.get("code")]
        assert [name for name in codes if name not in vars(errors)] == [], file.name


def test_every_code_is_well_formed() -> None:
    for code, kind in CODES.items():
        assert len(code) == 5, code
        assert code[:2] == "ME", code
        assert code[2:].isdigit(), code
        assert code[2] in FIRST_DIGIT, code
        assert issubclass(kind, MetaEnsembleError)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.code)
def test_every_code_has_a_page(page: Page) -> None:
    assert page.title, "a title"
    assert page.body, "what it means and why"
    assert page.example is not None, "an example"
    assert page.instead is not None, "what to use instead"
    assert page.example.language == page.instead.language or "sh" in {
        page.example.language,
        page.instead.language,
    }


def report_yaml(sample: Sample, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    (folder / "graph.yaml").write_text(sample.text)
    main(["dag", "validate", "graph.yaml"])
    return capsys.readouterr().err


def report_sh(sample: Sample, folder: Path, tools: Path) -> str:
    whole = "PYTHONPATH" in sample.text  # only an interpreter that starts looks at it
    done = run_sh(sample.text, path=path_with_me(tools, whole=whole), cwd=folder)
    return done.stdout + done.stderr


def raised_by(sample: Sample) -> type[BaseException] | None:
    try:
        exec(compile(sample.text, "the page", "exec"), {"__name__": "page"})
    except Exception as error:  # which one it is is the question
        return type(error)
    return None


@pytest.mark.parametrize("which", ["example", "instead"])
@pytest.mark.parametrize("code", sorted(CODES))
def test_both_examples_run(
    code: str,
    which: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = page_of(CODES[code])
    sample: Sample | None = getattr(page, which)
    assert sample is not None
    folder = tmp_path / "project"
    (folder / ".metaensemble").mkdir(parents=True)
    monkeypatch.chdir(folder)
    wanted = which == "example"
    if sample.language == "python":
        raised = raised_by(sample)
        assert raised is (CODES[code] if wanted else None)
        return
    if sample.language == "yaml":
        said = report_yaml(sample, folder, capsys)
    else:
        assert sample.language == "sh"
        # The name of the folder has the code in it, which the program must say by itself.
        said = report_sh(sample, folder, tmp_path / "bin").replace(str(tmp_path), "")
    assert (code in said) is wanted, said
    assert "error[ME900]" not in said or code == "ME900", said
