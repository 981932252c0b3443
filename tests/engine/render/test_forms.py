from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaensemble.engine.render import FORMATS, image, render
from metaensemble.schemas.errors import NoDrawingProgram
from metaensemble.schemas.plan import Plan
from support import plans
from support.grown_plans import SAMPLE, SAMPLE_NEEDS, Group, grown_plan

MATRIX: dict[str, list[str]] = {
    "build": [],
    **{f"test[n={n}]": ["build"] for n in range(20)},
    "pack": [f"test[n={n}]" for n in range(20)],
}

FAKE = """\
#!/bin/sh
cat > "{folder}/asked"
echo "$@" > "{folder}/words"
{act}
"""


@pytest.fixture
def dot_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of PATH but for the system's own tools, with room for a `dot`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "cat").symlink_to("/bin/cat")
    monkeypatch.setenv("PATH", str(folder))
    return folder


def put_dot(folder: Path, act: str) -> None:
    (folder / "dot").write_text(FAKE.format(folder=folder, act=act))
    (folder / "dot").chmod(0o755)


@pytest.fixture
def plan() -> Plan:
    return plans.make_plan(MATRIX)


def test_nothing_is_collapsed_unless_asked(plan: Plan) -> None:
    assert len(json.loads(render(plan, "json"))["nodes"]) == 22
    collapsed = json.loads(render(plan, "json", collapse=12))
    assert [node["id"] for node in collapsed["nodes"]] == ["build", "test", "pack"]
    assert collapsed["nodes"][1]["size"] == 20


@pytest.mark.parametrize("form", FORMATS)
def test_every_form_collapses(plan: Plan, form: str) -> None:
    report = plans.make_report(plan, {"test[n=3]": "failed"})
    drawn = render(plan, form, report=report, collapse=12)
    assert "[n=3]" in drawn.replace("#91;", "[").replace("#93;", "]")
    assert "[n=4]" not in drawn.replace("#91;", "[").replace("#93;", "]")


def test_an_image_has_no_other_forms(plan: Plan) -> None:
    with pytest.raises(ValueError, match="ascii"):
        image(plan, "ascii")


def test_svg_needs_no_dot(plan: Plan, dot_on_path: Path) -> None:
    assert image(plan, "svg") == render(plan, "svg").encode()


@pytest.mark.parametrize("form", ["pdf", "png"])
def test_the_others_do(plan: Plan, dot_on_path: Path, form: str) -> None:
    with pytest.raises(
        NoDrawingProgram, match=f"^{form} is drawn by the program `dot` of graphviz, which is"
    ):
        image(plan, form)


@pytest.mark.parametrize("form", ["pdf", "png", "svg"])
def test_dot_draws_where_it_is(plan: Plan, dot_on_path: Path, form: str) -> None:
    put_dot(dot_on_path, "echo drawn")
    assert image(plan, form, collapse=12) == b"drawn\n"
    assert f"-T{form}" in (dot_on_path / "words").read_text().split()
    asked = (dot_on_path / "asked").read_text()
    assert asked.startswith("digraph sample {")
    assert ("dpi=144" in asked) is (form == "png")


def test_a_dot_that_fails_is_told_in_its_words(plan: Plan, dot_on_path: Path) -> None:
    put_dot(dot_on_path, 'echo; echo "Format: \\"png\\" not recognized." >&2; exit 1')
    with pytest.raises(NoDrawingProgram, match=r'^`dot` cannot draw png: Format: "png" not recognized\.$'):
        image(plan, "png")
    put_dot(dot_on_path, "exit 1")
    with pytest.raises(NoDrawingProgram, match=r"^`dot` cannot draw pdf: it gives no reason$"):
        image(plan, "pdf")


def test_a_dot_that_cannot_be_started(plan: Plan, dot_on_path: Path) -> None:
    put_dot(dot_on_path, "")
    (dot_on_path / "dot").chmod(0o644)
    with pytest.raises(NoDrawingProgram):
        image(plan, "png")


def test_svg_survives_a_dot_that_fails(plan: Plan, dot_on_path: Path) -> None:
    put_dot(dot_on_path, "exit 1")
    assert image(plan, "svg", collapse=12) == render(plan, "svg", collapse=12).encode()
    assert (dot_on_path / "words").exists()


def test_a_grid_is_laid_out_here(plan: Plan, dot_on_path: Path) -> None:
    put_dot(dot_on_path, "echo drawn")
    assert image(plan, "svg") == render(plan, "svg").encode()
    assert image(plan, "png") == b"drawn\n"


def test_frames_are_laid_out_here(dot_on_path: Path) -> None:
    put_dot(dot_on_path, "echo drawn")
    grown = grown_plan(SAMPLE, SAMPLE_NEEDS)
    assert image(grown, "svg") == render(grown, "svg").encode()
    assert image(grown, "png") == b"drawn\n"
    assert image(grown_plan({"late": Group("each")}, {}), "svg") == b"drawn\n"


def test_svg_is_laid_out_here_where_that_is_asked_for(plan: Plan, dot_on_path: Path) -> None:
    put_dot(dot_on_path, "echo drawn")
    assert image(plan, "svg", collapse=12, by_dot=False) == render(plan, "svg", collapse=12).encode()


def test_very_many_vertices_are_laid_out_here(dot_on_path: Path) -> None:
    put_dot(dot_on_path, "echo drawn")
    needs = {f"n{n}": [f"n{n - 1}"] if n else [] for n in range(401)}
    assert image(plans.make_plan(needs), "svg").startswith(b"<svg ")
    del needs["n400"]
    assert image(plans.make_plan(needs), "svg") == b"drawn\n"


@given(
    st.lists(st.text(st.characters(exclude_characters=":"), min_size=1, max_size=5), unique=True, max_size=6),
    st.integers(1, 3),
)
def test_any_plan_is_drawn_in_every_form(ids: list[str], most: int) -> None:
    plan = plans.make_plan({id_: ids[max(0, at - 2) : at] for at, id_ in enumerate(ids)})
    report = plans.make_report(plan, {})
    for form in FORMATS:
        assert render(plan, form, collapse=most, report=report) or not ids
    ET.fromstring(render(plan, "svg"))
    json.loads(render(plan, "json"))
