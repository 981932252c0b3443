"""Draw the pictures of the documents: one per example, its plan, or a DAG run where that shows more.

`python docs/pictures/draw.py [FOLDER]`, with the interpreter that MetaEnsemble and the tools of the
examples are installed in; without FOLDER the pictures are drawn beside this file. Durations are left out,
so the same examples give the same bytes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SHOP = ROOT / "tests" / "fixtures" / "review-project"
"""A small Python project, some files of which are not sound."""


def main(words: list[str]) -> int:
    """Draw all pictures into the folder that `words` name."""
    folder = Path(words[0]).resolve() if words else HERE
    folder.mkdir(parents=True, exist_ok=True)
    unwanted = shutil.ignore_patterns("__pycache__", ".metaensemble")
    with TemporaryDirectory() as place:
        for original in examples():
            example = Path(place) / original.name
            shutil.copytree(original, example, ignore=unwanted)
            # A project of its own, so that nothing is written into the checkout.
            (example / ".metaensemble").mkdir()
            if original.name == "patterns":
                patterns(example, folder / "patterns")
            else:
                PICTURES.get(example.name, plan)(example, folder / f"{example.name}.svg")
    return 0


def examples() -> list[Path]:
    """The folders of all examples: each has a README."""
    return sorted(path.parent for path in (ROOT / "examples").glob("**/README.md"))


def patterns(example: Path, folder: Path) -> None:
    """Draw a DAG run of the small graph of each pattern."""
    folder.mkdir(exist_ok=True)
    for graph in sorted(example.glob("*.yaml")):
        dag_run(example, folder / f"{graph.stem}.svg", graph=graph.name)


def plan(example: Path, target: Path, *params: str) -> None:
    """Draw what the example would run."""
    draw("graph.yaml", target, *params, cwd=example)


def dag_run(example: Path, target: Path, *params: str, graph: str = "graph.yaml") -> None:
    """Run the example, and draw what became of it."""
    report = json.loads(me("dag", "run", graph, "--json", "--quiet", *params, cwd=example))
    draw(report["dag_run_id"], target, cwd=example)


def shop(draw: Callable[..., None]) -> Callable[[Path, Path], None]:
    """Draw an example that looks at a project."""
    return lambda example, target: draw(example, target, "--param", f"project={SHOP}")


def workflow(example: Path, target: Path) -> None:
    """Draw what becomes of the recorded workflow."""
    words = ["convert.py", "sample.json", "-o", "graph.yaml"]
    subprocess.run([sys.executable, *words], cwd=example, check=True)
    plan(example, target)


def recorded(example: Path, target: Path) -> None:
    """Draw a DAG run that is played from the recordings of an example."""
    dag_run(example, target, "--replay", "recorded.jsonl")


def repository(example: Path, target: Path) -> None:
    """Run an example that works in a git repository of its own, and draw what became of it."""
    place = example / "repository"
    subprocess.run(["sh", "repository.sh", str(place)], cwd=example, stdout=subprocess.DEVNULL, check=True)
    dag_run(place, target)


def draw(what: str, target: Path, *params: str, cwd: Path) -> None:
    """Draw a graph or a DAG run in such a way that it is always the same."""
    me("dag", "render", what, *params, "--no-times", "--no-dot", "-o", str(target), cwd=cwd)


def me(*words: str, cwd: Path) -> str:
    """What the program prints. That a DAG run failed, exit code 1, is an answer, too."""
    beside = str(Path(sys.executable).parent)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "metaensemble", *words],
        cwd=cwd,
        env={**os.environ, "PATH": os.pathsep.join([beside, os.environ.get("PATH", os.defpath)])},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1):
        raise SystemExit(f"`me {' '.join(words)}` ended with {done.returncode}")
    return done.stdout


PICTURES: dict[str, Callable[[Path, Path], None]] = {
    "analyser-panel": shop(dag_run),
    "crash-and-resume": lambda example, target: plan(example, target, "--param", f"folder={example}"),
    "each-file": shop(dag_run),
    "fast-then-thorough": dag_run,
    "monorepo": dag_run,
    "parallel-changes": repository,
    "quality-review": shop(plan),
    "reviewed-notes": recorded,
    "reviewed-patch": dag_run,
    "second-look": recorded,
    "two-linters": shop(dag_run),
    "until-green": dag_run,
    "wfcommons": workflow,
}
"""How the pictures of examples are drawn of which a plan without parameters is not the best picture."""


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
