"""Kill a run with -9 at random moments, resume it until it ends, and check that nothing was lost.

`python crash.py [--times 20] [--seed 1] [--kills 3] [--folder DIR]`, with the interpreter that
MetaEnsemble is installed in. Ends with 0 when every one of these held every time:

- the final report, the outputs and the written file are those of a run that was left alone;
- no node that the Ledger had recorded as finished when the kill came was executed again;
- every execution is an attempt that the Ledger knows;
- `me ledger verify` finds nothing;
- no process is left over.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ME = [sys.executable, "-m", "metaensemble"]
MARK = "CRASH_AND_RESUME"


class Project:
    """A fresh folder with a copy of the graph, so that trials know nothing of one another."""

    def __init__(self, parent: Path, name: str, folder: Path) -> None:
        self.root = parent / name
        self.folder = folder
        # What lies in here is the project root, wherever the temporary folder may be.
        (self.root / ".metaensemble").mkdir(parents=True)
        for file in ("graph.yaml", "work.py"):
            shutil.copy(HERE / file, self.root / file)
        self.mark = str(uuid.uuid4())

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start `me` in the project. Whatever it starts carries the project's mark in its environment."""
        with (self.root / "me.log").open("ab") as log:
            return subprocess.Popen(
                [*ME, *words],
                cwd=self.root,
                env={**os.environ, MARK: self.mark},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def ask(self, *words: str) -> Any:
        """The JSON that a reading command prints."""
        done = subprocess.run(
            [*ME, *words, "--json"], cwd=self.root, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Broken(f"`me {' '.join(words)}` ended with {done.returncode}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def go_on(self) -> subprocess.Popen[bytes] | None:
        """Resume the DAG run; start one when the kill came before there was any; None when it had ended."""
        known = self.ask("dag", "list")
        if not known:
            return self.start("dag", "run", "graph.yaml", "--param", f"folder={self.folder}")
        return None if known[0]["state"] == "ok" else self.start("dag", "resume")

    def finish(self) -> None:
        """Let the DAG run go on to its end, and have it end well."""
        process = self.go_on()
        if process is not None and (status := process.wait()):
            raise Broken(f"the run ended with {status}; its words are in {self.root / 'me.log'}")

    def executions(self) -> dict[str, list[str]]:
        """The attempt ids that the nodes themselves wrote down, by node."""
        logs = self.root / "executions"
        return {log.name: log.read_text().split() for log in logs.iterdir()} if logs.is_dir() else {}

    def finished(self) -> set[str]:
        """The nodes that the Ledger holds as ended; empty when there is no DAG run yet."""
        if not self.ask("dag", "list"):
            return set()
        return {node["id"] for node in self.ask("dag", "status")["nodes"] if node["state"] == "ok"}

    def result(self) -> dict[str, Any]:
        """All of the final report that must not depend on kills: no ids, times or numbers of attempts."""
        report = self.ask("dag", "status", "--outputs")
        return {
            "state": report["state"],
            "outputs": report["outputs"],
            "nodes": {node["id"]: (node["state"], node["output"]) for node in report["nodes"]},
            "file": (self.root / "packed" / "report.md").read_text(encoding="utf-8"),
        }

    def left_over(self) -> list[int]:
        """The processes that still carry the project's mark."""
        return sorted(_marked(f"{MARK}={self.mark}"))


class Broken(Exception):
    """A promise that did not hold."""


def _marked(entry: str) -> Iterator[int]:
    if Path("/proc/self/environ").exists():
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                if entry.encode() in path.read_bytes().split(b"\0"):
                    yield int(path.parent.name)
            except OSError:
                continue  # it ended meanwhile, or belongs to somebody else
        return
    listed = subprocess.run(
        ["ps", "axeww", "-o", "pid=,command="], capture_output=True, text=True, check=False
    )
    for line in listed.stdout.splitlines():
        if entry in line:
            yield int(line.split()[0])


def undisturbed(project: Project) -> tuple[dict[str, Any], float]:
    """The result of a run that is left alone, and how many seconds it took."""
    started = time.monotonic()
    project.finish()
    return project.result(), time.monotonic() - started


def disturbed(project: Project, moments: list[float]) -> str:
    """Kill the run at each of `moments`, in seconds from its (re)start, then let it end; tell the story."""
    story = []
    frozen: dict[str, int] = {}
    for moment in moments:
        process = project.go_on()
        if process is None:
            break
        try:
            if status := process.wait(timeout=moment):
                raise Broken(f"the run ended with {status}; its words are in {project.root / 'me.log'}")
            story.append(f"ended by itself before {moment:.2f} s")
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            executions = project.executions()
            finished = project.finished()
            frozen |= {node: len(executions[node]) for node in finished - frozen.keys()}
            story.append(f"killed after {moment:.2f} s with {len(finished)} nodes done")
    project.finish()
    again = sum(len(ids) - 1 for ids in project.executions().values())
    _check_executions(project, frozen)
    return "; ".join([*story, f"{again} interrupted nodes ran once more"])


def _check_executions(project: Project, frozen: dict[str, int]) -> None:
    executions = project.executions()
    for node, count in frozen.items():
        if len(executions[node]) != count:
            raise Broken(f"`{node}` was finished when the kill came, and ran again")
    for node in project.ask("dag", "status")["nodes"]:
        attempts = [attempt["run_id"] for attempt in node["attempts"]]
        ran = executions.get(node["id"], [])
        if len(ran) != len(set(ran)) or not set(ran) <= set(attempts):
            raise Broken(f"`{node['id']}` ran as {ran}, and the Ledger knows {attempts}")


def check_aftermath(project: Project) -> None:
    """The Ledger is whole, and nothing lives on."""
    verified = subprocess.run(
        [*ME, "ledger", "verify"], cwd=project.root, capture_output=True, text=True, check=False
    )
    if verified.returncode:
        raise Broken(
            f"`me ledger verify` ended with {verified.returncode}: {verified.stdout}{verified.stderr}"
        )
    deadline = time.monotonic() + 5
    while left := project.left_over():
        if time.monotonic() > deadline:
            raise Broken(f"processes are left over: {left}")
        time.sleep(0.05)


def trial(project: Project, expected: dict[str, Any], moments: list[float]) -> str:
    """One trial; its story when all promises held, else `Broken`."""
    story = disturbed(project, moments)
    result = project.result()
    for part, value in expected.items():
        if result[part] != value:
            raise Broken(f"the {part} differ: {result[part]!r} instead of {value!r}")
    check_aftermath(project)
    return story


@contextmanager
def scratch(keep: bool) -> Iterator[Path]:
    """A temporary folder; kept when asked for, and when something went wrong."""
    place = Path(tempfile.mkdtemp(prefix="crash-and-resume-"))
    try:
        yield place
    except BaseException:
        print(f"everything is left for you to look at in {place}", file=sys.stderr)
        raise
    if not keep:
        shutil.rmtree(place)


def snapshot(folder: Path, target: Path) -> int:
    """Copy the folder's Python files, so that edits meanwhile change nothing; how many there are."""
    count = 0
    for path in sorted(folder.rglob("*.py")):
        inside = path.relative_to(folder)
        if not any(part.startswith(".") for part in inside.parts):
            (target / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target / inside)
            count += 1
    return count


def main() -> int:
    """Run the trials."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--times", type=int, default=20, help="how many trials (20)")
    parser.add_argument("--kills", type=int, default=3, help="the most kills in one trial (3)")
    parser.add_argument("--seed", type=int, help="for the same moments again")
    parser.add_argument("--folder", type=Path, default=HERE.parents[1], help="what to pack (this repository)")
    parser.add_argument("--keep", action="store_true", help="leave the trials' folders behind")
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else random.randrange(10_000)
    chance = random.Random(seed)
    with scratch(given.keep) as place:
        count = snapshot(given.folder.resolve(), place / "input")
        calm = Project(place, "undisturbed", place / "input")
        expected, seconds = undisturbed(calm)
        check_aftermath(calm)
        print(
            f"undisturbed: {len(expected['nodes'])} nodes, {count} files, {seconds:.1f} s; seed {seed}",
            flush=True,
        )
        for number in range(1, given.times + 1):
            moments = [chance.uniform(0, seconds) for _ in range(chance.randint(1, given.kills))]
            story = trial(Project(place, f"trial-{number}", place / "input"), expected, moments)
            print(f"{number:3}: {story}", flush=True)
    print(
        f"{given.times} of {given.times}: the same report each time, no finished node ran again,"
        " the Ledger is whole, no process is left over"
    )
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Broken as error:
        sys.exit(f"broken promise: {error}")
