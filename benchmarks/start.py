"""Whole processes: `me --version` and `me dag validate` against `python -c pass`."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from shapes import yaml_of

ME = Path(sys.executable).with_name("me")


def seconds(command: list[str]) -> float:
    """How long one whole process takes."""
    # As for a user, whose second start finds what the first one compiled.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    subprocess.run(command, check=True, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "small.yaml", Path(folder) / "large.yaml"
        small.write_text(yaml_of("chain", 10), encoding="utf-8")
        large.write_text(yaml_of("layered", 1000), encoding="utf-8")
        commands = {
            "`python -c pass`": [sys.executable, "-c", "pass"],
            "`me --version`": [str(ME), "--version"],
            "`me --help`": [str(ME), "--help"],
            "`me dag validate`, 10 tasks": [str(ME), "dag", "validate", str(small)],
            "`me dag validate`, 1,000 tasks": [str(ME), "dag", "validate", str(large)],
        }
        for command in commands.values():
            seconds(command)
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(given.repeat):
            for name, command in commands.items():
                times[name].append(seconds(command))
    medians = {name: statistics.median(taken) * 1000 for name, taken in times.items()}
    floor = medians["`python -c pass`"]
    print("| process | ms | against `python -c pass` |\n|---|---|---|")
    for name, taken in medians.items():
        print(f"| {name} | {taken:.0f} | {taken / floor:.1f}x |")


if __name__ == "__main__":
    main()
