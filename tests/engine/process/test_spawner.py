"""The helper process by itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from metaensemble.engine.process import spawner

PROGRAM = Path(spawner.__file__)
SLOW = {"metaensemble", "asyncio", "subprocess", "typing", "pathlib", "json", "sqlite3", "site"}


def test_it_needs_nothing_but_a_little_of_the_standard_library() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-X", "importtime", str(PROGRAM), "1"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "socket" in loaded
    assert not {name for name in loaded if name.split(".")[0] in SLOW}


def test_it_ends_at_once_when_its_parent_is_another() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(PROGRAM), "1"], stdin=subprocess.DEVNULL, check=False, timeout=60
    )
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("name", "found"), [(b"sh", True), (b"./x", True), (b"/x/y", True), (b"no-such", False), (b"", False)]
)
def test_find_program(name: bytes, found: bool) -> None:
    path = os.defpath.encode()
    if not found:
        with pytest.raises(FileNotFoundError):
            spawner.find_program(name, path)
    elif b"/" in name:
        assert spawner.find_program(name, path) == name
    else:
        assert os.access(spawner.find_program(name, path), os.X_OK)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_marker_of_reads_the_first_environment() -> None:
    variables = {"X": "ME_ATTEMPT_ID=no", "ME_ATTEMPT_ID": "yes"}
    with subprocess.Popen(
        ["/bin/sh", "-c", "echo on; read line"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=variables,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert spawner.marker_of(child.pid) == b"yes"
        child.communicate(b"\n")
    assert spawner.marker_of(child.pid) == b""
