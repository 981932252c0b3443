from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from metaensemble.cli.dag.render import ENDINGS, Format
from support.command_line import Shell

WIDE = "tasks:\n" + "".join(f"  t{n}: {{run: 'true'}}\n" for n in range(200))


@pytest.fixture(autouse=True)
def without_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of PATH: the machine may have a `dot`, these tests do not."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("sh", "cat"):
        (folder / name).symlink_to(f"/bin/{name}")
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def with_dot(without_dot: Path) -> None:
    program = without_dot / "dot"
    program.write_text("#!/bin/sh\ncat >/dev/null; printf '\\211PNG drawn %s' \"$*\"\n")
    program.chmod(0o755)


@pytest.mark.parametrize("form", ["ascii", "dot", "mermaid", "json", "svg"])
def test_a_file(me: Shell, sample: str, form: str, golden: Callable[[str, str], None]) -> None:
    answer = me("dag", "render", sample, "--format", form)
    assert (answer.code, answer.err) == (0, "")
    golden(f"cli/render.{form}", answer.out)


def test_a_dag_run_shows_states(me: Shell, broken: str) -> None:
    me("dag", "run", broken, "--quiet")
    answer = me("dag", "render", "0")
    assert answer.code == 0
    assert [line.split()[:3] for line in answer.out.splitlines()] == [
        ["✓", "good", "ok"],
        ["✗", "bad", "failed"],
        ["⊘", "after", "blocked"],
    ]
    states = [node["state"] for node in me("dag", "render", "0", "-f", "json").json["nodes"]]
    assert states == ["ok", "failed", "blocked"]


def test_a_dag_run_as_a_picture(me: Shell, broken: str) -> None:
    me("dag", "run", broken, "--quiet")
    document = ET.fromstring(me("dag", "render", "0", "-f", "svg").out)
    said = [element.text or "" for element in document.iter("{http://www.w3.org/2000/svg}text")]
    assert {"good", "bad", "after", "blocked", "critical path"} <= set(said)
    assert any(
        words.startswith("failed in ") and words.endswith(": 1 ok, 1 failed, 1 blocked") for words in said
    )


def test_into_a_file(me: Shell, sample: str, tmp_path: Path) -> None:
    answer = me("dag", "render", sample, "-f", "dot", "-o", "graph.dot")
    assert (answer.code, answer.out) == (0, "")
    assert (tmp_path / "graph.dot").read_text().startswith("digraph sample {")


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("graph", "◆ fetch"),
        ("graph.txt", "◆ fetch"),
        ("graph.svg", "<svg "),
        ("graph.SVG", "<svg "),
        ("graph.gv", "digraph "),
        ("graph.mmd", "flowchart LR"),
        ("graph.json", "{"),
    ],
)
def test_the_ending_says_the_format(me: Shell, sample: str, tmp_path: Path, name: str, start: str) -> None:
    answer = me("dag", "render", sample, "-o", name)
    assert (answer.code, answer.out, answer.err) == (0, "", "")
    assert (tmp_path / name).read_text().startswith(start)


def test_the_flag_says_more_than_the_ending(me: Shell, sample: str, tmp_path: Path) -> None:
    assert me("dag", "render", sample, "-f", "mermaid", "-o", "graph.jpeg").code == 0
    assert (tmp_path / "graph.jpeg").read_text().startswith("flowchart")


def test_an_ending_that_says_nothing(me: Shell, sample: str, tmp_path: Path) -> None:
    answer = me("dag", "render", sample, "-o", "graph.jpeg")
    assert answer.code == 2
    assert "error[ME533]: the ending `.jpeg` of `graph.jpeg` names no format" in answer.err
    assert not (tmp_path / "graph.jpeg").exists()


def test_every_format_has_an_ending() -> None:
    assert set(ENDINGS.values()) == set(Format)


@pytest.mark.parametrize("form", ["png", "pdf"])
def test_without_graphviz(me: Shell, sample: str, tmp_path: Path, form: str) -> None:
    answer = me("dag", "render", sample, "-o", f"graph.{form}")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == (
        f"error[ME548]: {form} is drawn by the program `dot` of graphviz, which is not installed\n\n"
        "hint: install graphviz (`apt install graphviz`, `brew install graphviz`), or write SVG, which needs"
        " no other program\n"
    )
    assert not (tmp_path / f"graph.{form}").exists()


@pytest.mark.usefixtures("with_dot")
def test_with_graphviz(me: Shell, sample: str, tmp_path: Path) -> None:
    assert me("dag", "render", sample, "-o", "graph.png").code == 0
    assert (tmp_path / "graph.png").read_bytes().startswith(b"\x89PNG drawn ")
    answer = me("dag", "render", sample, "-o", "no/such/place.png")
    assert (answer.code, "error[ME544]" in answer.err) == (2, True)


@pytest.mark.usefixtures("with_dot")
def test_svg_can_do_without_graphviz_where_it_is(me: Shell, sample: str, tmp_path: Path) -> None:
    assert me("dag", "render", sample, "-o", "graph.svg").code == 0
    assert (tmp_path / "graph.svg").read_bytes().startswith(b"\x89PNG drawn ")
    assert me("dag", "render", sample, "-o", "graph.svg", "--no-dot").code == 0
    assert (tmp_path / "graph.svg").read_text().startswith("<svg ")


def test_times_can_be_left_out(me: Shell, broken: str) -> None:
    me("dag", "run", broken, "--quiet")
    drawn = me("dag", "render", "0", "--no-times").out.splitlines()
    assert [line.split()[:4] for line in drawn] == [
        ["✓", "good", "ok"],
        ["✗", "bad", "failed", "exit"],
        ["⊘", "after", "blocked", "because"],
    ]
    assert "failed: 1 ok, 1 failed, 1 blocked" in me("dag", "render", "0", "-f", "svg", "--no-times").out


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


@pytest.mark.usefixtures("with_dot")
def test_pixels_are_for_files_and_pipes(me: Shell, sample: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from metaensemble.cli.main import main

    screen = Terminal(io.BytesIO(), encoding="utf-8")
    with monkeypatch.context() as patched:
        patched.setattr("sys.stdout", screen)
        assert main(("dag", "render", sample, "-f", "png")) == 2
    assert screen.buffer.getvalue() == b""  # type: ignore[attr-defined]
    pipe = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with monkeypatch.context() as patched:
        patched.setattr("sys.stdout", pipe)
        assert main(("dag", "render", sample, "-f", "png")) == 0
    assert pipe.buffer.getvalue().startswith(b"\x89PNG drawn ")  # type: ignore[attr-defined]


def test_large_groups_and_wide_graphs(me: Shell, write: Callable[[str], str]) -> None:
    file = write(WIDE)
    assert me("dag", "render", file).out == "◆ t0 .. t199 × 200\n"  # noqa: RUF001
    for flags in (["--expand"], ["--collapse", "200"]):
        drawn = me("dag", "render", file, *flags).out
        assert re.findall(r"t\d+", drawn.partition("critical")[0]) == [f"t{n}" for n in range(200)]
    assert len(me("dag", "render", file, "-f", "json").json["nodes"]) == 200
    assert len(me("dag", "render", file, "-f", "json", "--collapse", "12").json["nodes"]) == 1


@pytest.mark.parametrize("flags", [("--collapse", "0"), ("--collapse", "5", "--expand")])
def test_flags_that_make_no_sense(me: Shell, sample: str, flags: tuple[str, ...]) -> None:
    answer = me("dag", "render", sample, *flags)
    assert (answer.code, "error[ME533]" in answer.err) == (2, True)


def test_no_colour_means_none(me: Shell, sample: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in me("dag", "render", sample).out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in me("dag", "render", sample).out


def test_where_nothing_can_be_written(me: Shell, sample: str) -> None:
    answer = me("dag", "render", sample, "-o", "no/such/place.txt")
    assert answer.code == 2
    assert "error[ME544]: `no/such/place.txt` cannot be written: no such file or directory" in answer.err


def test_a_missing_file(me: Shell) -> None:
    assert "error[ME1" in me("dag", "render", "missing.yaml").err


def test_parameters_belong_to_files(me: Shell, sample: str) -> None:
    me("dag", "run", sample, "--quiet")
    answer = me("dag", "render", "0", "-p", "who=you")
    assert answer.code == 2
    assert "error[ME533]" in answer.err


def test_a_file_whose_name_looks_like_an_id(me: Shell, sample: str, tmp_path: Path) -> None:
    (tmp_path / "0").write_text((tmp_path / sample).read_text())
    assert "fetch" in me("dag", "render", "0").out


VOTES = """\
tasks:
  review:
    run: 'echo "{\\"verdict\\": \\"ok\\"}"'
    output: {as: json, schema: {type: object, properties: {verdict: {enum: [ok, bad]}}}}
    pattern: {consensus: {n: 5, vote: verdict}}
  lint:
    run: [sh, -c, exit 0]
    pattern: {shadow: {shadows: [{run: [sh, -c, exit 1]}]}}
"""


def test_a_dag_run_shows_votes_and_the_decision(me: Shell, write: Callable[[str], str]) -> None:
    assert me("dag", "run", write(VOTES), "--quiet").code == 0
    nodes = {node["id"]: node for node in me("dag", "render", "0", "-f", "json").json["nodes"]}
    said = {id_: node["says"] for id_, node in nodes.items() if "says" in node}
    assert said == {
        "review": "decision: ok",
        **{f"review.{number}": "vote: ok" for number in (1, 2, 3)},
        "review.verdict": "decision: ok",
        "lint.primary": "passed",
        "lint.shadow-1": "did not pass",
    }
    assert nodes["review"]["source"] == "consensus of 5"
    assert "decided 3:0 of 5" in me("dag", "render", "0").out
