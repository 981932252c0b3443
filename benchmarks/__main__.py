"""All benchmarks one after the other, each in a process of its own: `make bench`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPTS = (
    "nodes.py",
    "commands.py",
    "start.py",
    "expansion.py",
    "early_stopping.py",
    "shadow_decisions.py",
    "handoffs.py",
    "agent_overhead.py",
    "run_bytes.py",
)


def main() -> int:
    """Run each script with its defaults, and give the first exit code that is not 0."""
    for name in SCRIPTS:
        print(f"\n## {name}\n", flush=True)
        code = subprocess.run([sys.executable, str(Path(__file__).with_name(name))], check=False).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
