"""Whether a process is as it was. What callables do to workers is tested in `test_python_pool.py`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from metaensemble.engine.runtimes import python_tidy

PROGRAM = """
import os, subprocess, sys
sys.path.insert(0, sys.argv[1])
from metaensemble.engine.runtimes.python_tidy import Tidiness, adopt_descendants
adopts = sys.argv[2] == "adopts" and adopt_descendants()
tidiness = Tidiness(adopts=adopts)
found = [tidiness.is_kept()]
if sys.argv[3] == "ended":
    subprocess.run(["true"])
elif sys.argv[3] == "orphan":
    # The shell's own child outlives it, and reads until this process ends.
    subprocess.run(["sh", "-c", "exec 3<&0; cat <&3 >/dev/null &"], stdin=sys.stdin)
elif sys.argv[3] == "zombie":
    kept = subprocess.Popen(["true"])
    os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
found.append(tidiness.is_kept())
print(adopts, *found)
"""


@pytest.mark.parametrize(
    ("adopts", "deed", "kept"),
    [
        ("adopts", "nothing", True),
        ("adopts", "ended", True),
        ("adopts", "zombie", True),
        ("adopts", "orphan", False),
        ("alone", "nothing", True),
        # Where orphans go elsewhere, whoever has had a child may have descendants.
        ("alone", "ended", False),
        ("alone", "orphan", False),
    ],
)
def test_descendants_are_found(adopts: str, deed: str, kept: bool, tmp_path: Path) -> None:
    if adopts == "adopts" and sys.platform != "linux":
        pytest.skip("orphans can be adopted on Linux only")
    package = Path(python_tidy.__file__).parents[2]
    (tmp_path / "metaensemble").symlink_to(package, target_is_directory=True)
    with subprocess.Popen(
        [sys.executable, "-P", "-c", PROGRAM, str(tmp_path), adopts, deed],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        said = process.stdout.readline().split()
        process.stdin.close()
    assert said == [str(adopts == "adopts"), "True", str(kept)]
