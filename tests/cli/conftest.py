from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.command_line import Shell

SAMPLE = """\
name: sample
params:
  who: {type: string, default: world}
tasks:
  fetch:
    run: echo "hello ${{ params.who }}"
  left:
    run: echo "left of ${{ tasks.fetch.output }}"; echo "to the side" >&2
  right:
    run: "true"
    needs: [fetch]
    if: ${{ params.who == 'nobody' }}
  merge:
    run: echo "# Report" > report.md
    needs: {left: ok, right: done}
    deliverables: [{path: report.md}]
"""

BROKEN = """\
name: broken
tasks:
  good: {run: echo fine}
  bad: {run: "echo so far; echo no good >&2; exit 7", needs: [good]}
  after: {run: echo never, needs: [bad]}
"""

LATER = """\
tasks:
  ask: {run: make, budget: {usd: 1.0}, estimate: {usd: 0.5}}
"""


@pytest.fixture
def me(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """The program, in an empty project of its own."""
    (tmp_path / ".metaensemble").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["me"])
    return Shell(capsys)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], str]:
    """`write(text)` makes it the file `graph.yaml` of the project, and gives that name."""

    def written(text: str) -> str:
        (tmp_path / "graph.yaml").write_text(text)
        return "graph.yaml"

    return written


@pytest.fixture
def sample(write: Callable[[str], str]) -> str:
    """A graph with a diamond in it that ends ok."""
    return write(SAMPLE)


@pytest.fixture
def broken(write: Callable[[str], str]) -> str:
    """A graph that fails in the middle."""
    return write(BROKEN)


@pytest.fixture
def later(write: Callable[[str], str]) -> str:
    """A graph with a key that this version cannot carry out."""
    return write(LATER)
