"""What the documents say is true: their commands run, their files are valid, their links lead somewhere."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from metaensemble import api
from metaensemble.engine import compile as compiling
from metaensemble.engine.coordinator import coordinator
from metaensemble.engine.masking import MINIMUM_LENGTH
from metaensemble.engine.process import launcher
from metaensemble.engine.runtimes import capture, invocation, output_contract
from metaensemble.engine.runtimes.protocol import AttemptRequest
from metaensemble.schemas import reference as keys
from metaensemble.schemas.allowance import CHECK_SECONDS
from metaensemble.schemas.pattern_search import PATTERN_SECONDS
from metaensemble.schemas.states import RETRYABLE
from metaensemble.tasks import limits
from metaensemble.tasks.expression import reference as expressions
from support.documents import Block, Section, exit_code, file_name, sections, shows
from support.program import path_with_me
from support.tree import ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
SECTIONS = [section for file in DOCUMENTS for section in sections(file)]
REFERENCE = ROOT / "docs" / "task-graph.md"
WORKING = [section for section in SECTIONS if any(block.language == "sh" for block in section.blocks)]

NOT_RUN = {
    "make demo": "makes an environment and installs into it; the same graph runs in tests/examples",
    "make test": "runs this test",
    "python3 -m venv .venv": "needs the package registry; the Makefile does the same",
    "me dag run examples/quality-review/graph.yaml": "reviews a whole project; it runs in tests/examples",
    "me --install-completion": "writes into the user's home",
    "python benchmarks/": "takes minutes; tests/benchmarks runs each with less to do",
}
"""Commands that are shown and not run here: how a block that holds one begins, and why."""


def run_block(script: str, project: Path, path: str) -> tuple[int, str]:
    """Exit code and everything said, in the order in which a terminal would show it, as wide as it is."""
    environ = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    process = subprocess.Popen(
        ["sh", "-e", "-c", script],
        cwd=project,
        env={**environ, "PATH": path, "HOME": str(project.parent), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        pytest.fail(f"this never ended:\n{script}")
    return process.returncode, said


def filled_in(script: str, project: Path) -> str:
    """`script` with the ids that `ID` and `RUN` stand for."""
    if re.search(r"\bID\b", script):
        script = re.sub(r"\bID\b", api.list_dag_runs(limit=1, cwd=project)[0].dag_run_id, script)
    if re.search(r"\bRUN\b", script):
        script = re.sub(r"\bRUN\b", api.ledger_recent(limit=1, cwd=project)[0]["run_id"], script)
    return script


def write_graph(block: Block, project: Path) -> None:
    """Write a graph and hold it to what the document says of it."""
    target = project / file_name(block)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(block.text, encoding="utf-8")
    problems = api.check(target)
    if block.words == "broken":
        assert problems, f"line {block.line}: nothing is wrong with {target.name}"
    else:
        assert not problems, f"line {block.line}: {[problem.message for problem in problems]}"


def is_shown_only(block: Block) -> bool:
    return any(block.text.startswith(beginning) for beginning in NOT_RUN)


@pytest.mark.parametrize("section", WORKING, ids=str)
def test_the_commands_do_what_is_shown(section: Section, tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / ".metaensemble").mkdir(parents=True)
    path = path_with_me(tmp_path / "bin")
    if any("examples/" in block.text for block in section.blocks):
        unwanted = shutil.ignore_patterns("__pycache__", ".metaensemble")
        shutil.copytree(ROOT / "examples", project / "examples", ignore=unwanted)
    for block, following in section.pairs:
        if block.language == "yaml":
            write_graph(block, project)
        if block.language != "sh" or is_shown_only(block):
            continue
        code, said = run_block(filled_in(block.text, project), project, path)
        where = f"line {block.line}: {block.text}"
        assert code == exit_code(block.text), f"{where}exit code {code}\n{said}"
        if following is not None and following.language in ("text", "mermaid"):
            assert shows(following.text, said), f"{where}said:\n{said}"


@pytest.mark.parametrize("section", SECTIONS, ids=str)
def test_every_block_is_checked(section: Section) -> None:
    for block, following in section.pairs:
        assert block.language in ("sh", "text", "mermaid", "yaml", ""), f"line {block.line}"
        if following is not None and following.language == "text":
            assert block.language == "sh", f"line {following.line}: what prints this?"
            assert not is_shown_only(block), f"line {following.line}: nothing checks this"
        if block.language == "yaml":
            assert section in WORKING, f"line {block.line}: no command of its section uses the graph"


def test_what_is_not_run_is_shown_somewhere() -> None:
    shown = [block for section in SECTIONS for block in section.blocks if block.language == "sh"]
    for beginning in NOT_RUN:
        assert any(block.text.startswith(beginning) for block in shown), f"drop `{beginning}`"


def test_the_targets_of_make_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = {name for file in DOCUMENTS for name in re.findall(r"\bmake ([a-z-]+)`", file.read_text("utf-8"))}
    blocks = "".join(block.text for section in SECTIONS for block in section.blocks if block.language == "sh")
    named |= set(re.findall(r"^make ([a-z-]+)", blocks, re.MULTILINE))
    assert {"demo", "test"} <= named
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"no target `{target}`"


def test_the_plain_commands_of_the_readme_fit(tmp_path: Path) -> None:
    lines = [line for section in SECTIONS for block in section.blocks for line in _commands(block)]
    runs = [line for line in lines if line.startswith("me dag run examples/")]
    installs = [line for line in lines if line.startswith(".venv/bin/pip install")]
    assert runs
    assert installs
    path = path_with_me(tmp_path / "bin")
    for line in runs:
        planned = line.replace("me dag run", "me dag plan", 1)
        code, said = run_block(planned, ROOT, path)
        assert code == 0, said
    extras = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for line in installs:
        for word in shlex.split(line):
            if word.startswith(".["):
                assert f"\n{word[2:-1]} = [" in extras
            if word.endswith(".txt"):
                assert (ROOT / word).is_file()


def _commands(block: Block) -> list[str]:
    return block.text.replace("\\\n", "").splitlines() if block.language == "sh" else []


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.name)
def test_links_lead_somewhere(file: Path) -> None:
    text = re.sub(r"```.*?```", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        leads_to = (file.parent / name).resolve() if name else file
        assert leads_to.exists(), target
        if anchor:
            assert anchor in _anchors(leads_to), target


def _anchors(file: Path) -> set[str]:
    heads = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).strip().replace(" ", "-") for head in heads}


def test_the_reference_says_what_the_schemas_say() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    assert keys.put_blocks(text, keys.build_tables()) == text, (
        "stale: run `python -m metaensemble.schemas.reference docs/task-graph.md`"
    )
    assert keys.put_blocks(text, expressions.build_tables()) == text, (
        "stale: run `python -m metaensemble.tasks.expression.reference docs/task-graph.md`"
    )


def test_every_block_of_the_reference_is_generated() -> None:
    known = set(keys.build_tables()) | set(expressions.build_tables())
    assert set(re.findall(r"<!-- generated: (.*) -->", REFERENCE.read_text(encoding="utf-8"))) == known


def test_the_check_names_what_is_stale(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "task-graph.md"
    text = REFERENCE.read_text(encoding="utf-8")
    copy.write_text(text.replace("| `timeout` |", "| `timeoot` |", 1), encoding="utf-8")
    assert keys.main([str(copy), "--check"]) == 1
    assert "| `timeout` |" in capsys.readouterr().err
    assert keys.main([str(copy)]) == 0
    assert copy.read_text(encoding="utf-8") == text
    copy.write_text("nothing\n", encoding="utf-8")
    assert keys.main([str(copy)]) == 2
    assert keys.main([]) == 2


def test_the_figures_are_those_of_the_code() -> None:
    shown = " ".join(" ".join(file.read_text(encoding="utf-8").split()) for file in DOCUMENTS)
    figures = {
        f"size | {limits.MAXIMUM_BYTES:,} bytes": REFERENCE,
        f"levels of maps and lists | {limits.MAXIMUM_DEPTH}": REFERENCE,
        f"in all | {limits.MAXIMUM_ALIASED:,}": REFERENCE,
        f"digits of a whole number | {limits.MAXIMUM_DIGITS}": REFERENCE,
        f"more than {invocation.LARGEST_VARIABLE >> 10} KiB": REFERENCE,
        f"larger than {output_contract.LARGEST_VALUE >> 20} MiB": REFERENCE,
        f"more than {PATTERN_SECONDS:g} seconds of a processor's time for one search": REFERENCE,
        f"or more than {CHECK_SECONDS:g} for the whole": REFERENCE,
        "Four nodes run at the same time": compiling.DEFAULT_MAXIMUM == 4,
        "SIGKILL five seconds later": AttemptRequest.__dataclass_fields__["grace"].default == 5.0,
        "SIGTERM and, after five seconds, SIGKILL": AttemptRequest.__dataclass_fields__["grace"].default
        == 5.0,
        "for at most a minute": coordinator.CANCEL_DEADLINE_SECONDS == 60.0,
        "given no answer for ten seconds": launcher.GRACE == 10.0,
        "no more than 2 KiB": capture.INLINE == 2048,
        "Every 0.4 seconds": coordinator.POLL_SECONDS == 0.4,
        "shorter than eight characters": MINIMUM_LENGTH == 8,
    }
    wrong = [words for words, holds in figures.items() if words not in shown or not holds]
    assert not wrong


def test_the_reasons_that_are_tried_again_are_told_rightly() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .* \| (yes|no) \|$", REFERENCE.read_text("utf-8"), re.MULTILINE)
    told = {reason: word == "yes" for reason, word in rows if reason in _reasons()}
    assert len(told) == 10
    assert told == {reason: reason in RETRYABLE for reason in told}


def _reasons() -> tuple[str, ...]:
    return keys.describe_key("tasks.retry.on").allowed or tuple(
        re.findall(r"`(\w+)`", keys.describe_key("tasks.retry.on").type)
    )


def test_the_tests_that_reliability_names_exist() -> None:
    text = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:(?:engine|faults|cli|examples|patterns)/[\w/.]*|test_\w+\.py))`", text)
    assert named
    for name in named:
        assert (ROOT / "tests" / name).exists(), name
