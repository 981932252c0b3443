"""One turn of an adapter, carried out as a process."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from metaensemble.engine.runtimes.client import Client, Seen, Turn, TurnEnd

from .homes import Home


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What came of it; `seconds` is how long it took, and `left` the processes that outlived it."""

    end: TurnEnd
    seen: tuple[Seen, ...]
    status: int
    seconds: float
    stdout: bytes
    stderr: str
    left: list[int] = field(default_factory=list)

    @property
    def tools(self) -> list[str]:
        return [seen.tool for seen in self.seen if seen.tool]

    @property
    def files(self) -> list[str]:
        return [seen.file for seen in self.seen if seen.file]


def carry_out(
    client: Client,
    turn: Turn,
    home: Home,
    *,
    timeout: float = 60.0,
    meanwhile: Callable[[subprocess.Popen[bytes]], None] | None = None,
) -> Ended:
    """Start the turn, call `meanwhile` while it runs, wait for its end, and read it.

    Raises:
        TimeoutError: it did not end in time; by then it was killed.
    """
    launch = client.launch(turn, home.environ)
    for path, data in launch.files.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(data)
    environ = {name: value for name, value in home.environ.items() if name not in launch.unset}
    started = time.monotonic()
    process = subprocess.Popen(
        launch.argv,
        env={**environ, **launch.env},
        executable=_found(launch.argv[0], environ["PATH"]),
        cwd=turn.cwd,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        if meanwhile is None:
            out, err = process.communicate(launch.stdin, timeout=timeout)
        else:
            assert process.stdin is not None
            process.stdin.write(launch.stdin)
            process.stdin.close()
            process.stdin = None
            meanwhile(process)
            out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as error:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise TimeoutError(f"{launch.argv[:2]} did not end within {timeout} s") from error
    seconds = time.monotonic() - started
    reader = client.reader(turn)
    seen = tuple(one for line in out.splitlines() for one in reader.feed(line))
    code = process.returncode
    end = reader.end(
        status=code if code >= 0 else None,
        signal=-code if code < 0 else None,
        stderr=err.decode(errors="replace"),
    )
    return Ended(
        end=end,
        seen=seen,
        status=code,
        seconds=seconds,
        stdout=out,
        stderr=err.decode(errors="replace"),
        left=home.processes(),
    )


def _found(program: str, path: str) -> str:
    found = shutil.which(program, path=path)
    assert found is not None, f"{program} is not on {path}"
    return found
