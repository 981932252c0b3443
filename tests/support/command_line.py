"""The real console function, called in this process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from metaensemble.cli.main import main


@dataclass(frozen=True)
class Answer:
    """What one command line gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Stdout as the one JSON value that it must be."""
        return json.loads(self.out)


class Shell:
    """Types command lines; `me("dag", "list")`."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *args: str) -> Answer:
        self._capsys.readouterr()
        code = main(args)
        said = self._capsys.readouterr()
        return Answer(code, said.out, said.err)
