"""A shim that a test drives by its standard input, as a Coordinator does."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from metaensemble.engine.process import shim
from metaensemble.engine.process.orphans import carrying
from metaensemble.schemas.ids import new_id

PROGRAM = Path(shim.__file__)
PATIENCE = 60.0


class ADrivenShim:
    """A shim around `sh -c text`, with `folder` for its files. `more` goes into its spec; the standard input
    of the agent is `stdin`; `also` is said in one breath with the spec. A context manager: the Coordinator is
    gone at its end."""

    def __init__(
        self,
        folder: Path,
        text: str,
        *,
        stdin: bytes = b"",
        largest_file: int | None = None,
        also: str = "",
        **more: Any,
    ) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        (folder / "stdin").write_bytes(stdin)
        self.attempt = new_id()
        env = {"PATH": os.environ["PATH"], "ME_ATTEMPT_ID": self.attempt, **more.pop("env", {})}
        given = {
            "argv": ["/bin/sh", "-c", text],
            "env": env,
            "cwd": str(folder),
            "folder": str(folder),
            "stdin": str(folder / "stdin"),
            "attempt": self.attempt,
            "key": "k" * 64,
            "turn": 1,
        }

        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"ME_ATTEMPT_ID": self.attempt},
            start_new_session=True,
        )
        if largest_file is not None:
            # It waits for its spec.
            limits = (largest_file, resource.RLIM_INFINITY)
            resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, limits)
        self.say(f"{json.dumps(given | more)}{also}")

    def say(self, line: str) -> None:
        """Say a word to it; the spec is the first."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()

    def wait_for_agent(self) -> int:
        """The agent's pid, once it runs."""
        assert self.process.stdout is not None
        return int(self.process.stdout.readline().split()[0])

    def wait_for_output(self) -> None:
        """Wait until something has been stored; the agent must have been waited for."""
        assert self.process.stdout is not None
        assert self.process.stdout.read(1) == b"."

    def hang_up(self) -> None:
        """The Coordinator is gone."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def envelope(self) -> dict[str, Any]:
        """What it leaves, once it has ended."""
        assert self.process.wait(PATIENCE) == 0
        return dict(json.loads((self.folder / "envelope.json").read_bytes()))

    def read(self, name: str) -> bytes:
        """The content of a file in its folder."""
        return (self.folder / name).read_bytes()

    def living(self) -> list[int]:
        """What still lives of all that it started."""
        return list(carrying(frozenset({f"ME_ATTEMPT_ID={self.attempt}".encode()})))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)
