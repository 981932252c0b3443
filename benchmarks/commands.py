"""ms per command node that runs `true`, two at a time, against bare `subprocess.Popen`."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from shapes import yaml_of

from metaensemble import api

AT_ONCE = 2


def bare(count: int) -> float:
    """Seconds for `count` processes that run `true`, `AT_ONCE` at a time."""
    start = time.perf_counter()
    running: list[subprocess.Popen[bytes]] = []
    for _ in range(count):
        if len(running) == AT_ONCE:
            running.pop(0).wait()
        running.append(subprocess.Popen(["true"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))
    for process in running:
        process.wait()
    return time.perf_counter() - start


def ours(shape: str, count: int) -> float:
    """Seconds for a DAG run of `count` command nodes, checking and reporting included."""
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "graph.yaml"
        graph.write_text(yaml_of(shape, count), encoding="utf-8")
        start = time.perf_counter()
        report = api.run(graph, concurrency=AT_ONCE, environ=dict(os.environ), cwd=Path(folder))
        seconds = time.perf_counter() - start
        if report.state != "ok":
            raise SystemExit(f"the run ended {report.state}: {report.reason}")
        return seconds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=400)
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    print("| shape | ms/node | bare Popen, ms | ratio |\n|---|---|---|---|")
    for shape in ("chain", "wide", "layered"):
        # Taken in turns, so that a change of the machine's pace meets both.
        pairs = [(ours(shape, given.nodes), bare(given.nodes)) for _ in range(given.repeat)]
        mine, floor = (statistics.median(column) / given.nodes * 1000 for column in zip(*pairs, strict=True))
        print(f"| {shape}-{given.nodes} | {mine:.2f} | {floor:.2f} | {mine / floor:.1f}x |")


if __name__ == "__main__":
    main()
