"""Installs the real clients from npm into the cache where the tests look for them, those that are absent.

    python tests/clients/install.py [NAME...]

Which registry npm asks is npm's own setting.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.clients.found import PACKAGES, cache


def main(names: list[str]) -> int:
    """Install the named ones, or all; 0 when each of them is there in the end, or there is no npm."""
    unknown = sorted(set(names) - set(PACKAGES))
    if unknown:
        print(f"no client is called {', '.join(unknown)}; there are {', '.join(PACKAGES)}", file=sys.stderr)
        return 2
    npm = shutil.which("npm")
    failed = False
    for name in names or PACKAGES:
        package = PACKAGES[name]
        if package.installed:
            continue
        if npm is None:
            print(f"{name}: {package.missing}", file=sys.stderr)
            continue
        folder = cache() / package.folder
        folder.mkdir(parents=True, exist_ok=True)
        print(f"{name}: installing {package.package}", flush=True)
        words = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), package.package]
        ended = subprocess.run(words, check=False, timeout=900)
        if ended.returncode or not package.installed:
            print(f"{name}: npm ended with {ended.returncode}", file=sys.stderr)
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
