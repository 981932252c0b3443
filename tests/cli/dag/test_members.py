"""Members of patterns at work: what they have from their task, and what they say of themselves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.command_line import Shell

GRAPH = """\
tasks:
  word: {run: printf moon}
  a:
    with: {word: "${{ tasks.word.output }}"}
    env: {A: a, B: b}
    secrets: [FIRST_KEY]
    output: {as: json}
    run: own
    pattern:
      fanout:
        members:
          - run: 'printf "[\\"$A\\", \\"$B\\", \\"$ME_IN_WORD\\", \\"$FIRST_KEY\\", \\"${SECOND_KEY-none}\\"]"'
          - run: 'printf "[\\"$A\\", \\"$B\\", \\"$ME_IN_WORD\\", \\"$FIRST_KEY\\", \\"${SECOND_KEY-none}\\"]"; echo "$SECOND_KEY" >&2'
            with: {word: sun}
            env: {B: bb}
            secrets: [SECOND_KEY]
"""


def test_inputs_variables_and_secrets(
    me: Shell, write: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FIRST_KEY", "first-secret-value")
    monkeypatch.setenv("SECOND_KEY", "second-secret-value")
    answer = me("dag", "run", write(GRAPH))
    assert answer.code == 0, answer.err + answer.out
    one = json.loads(me("dag", "logs", "0", "a.1").out)
    two = json.loads(me("dag", "logs", "0", "a.2", "--stream", "stdout").out)
    assert one[:3] == ["a", "b", "moon"]
    assert two[:3] == ["a", "bb", "sun"]
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in (b"first-secret-value", b"second-secret-value"):
        assert secret not in stored
    assert "second-secret-value" not in me("dag", "logs", "0", "a.2").out


def test_a_secret_of_a_member_that_is_not_set_is_told_before_the_run(
    me: Shell, write: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRST_KEY", "first-secret-value")
    monkeypatch.delenv("SECOND_KEY", raising=False)
    answer = me("dag", "run", write(GRAPH))
    assert answer.code == 2
    assert "error[ME523]" in answer.err
    assert "SECOND_KEY" in answer.err
