"""How Claude Code is started."""

from __future__ import annotations

import json
from typing import Any

import pytest

from metaensemble.engine.runtimes.client import Launch, Turn
from metaensemble.engine.runtimes.clients.claude import Claude

OBJECT = {"type": "object", "properties": {"n": {"type": "integer"}}}


def launch(environ: dict[str, str] | None = None, **turn: Any) -> Launch:
    return Claude().launch(Turn(**{"system": "", "prompt": "do it", "folder": "/f", **turn}), environ or {})


def after(flag: str, made: Launch) -> str:
    return made.argv[made.argv.index(flag) + 1]


def blocks(made: Launch) -> list[str]:
    (line,) = made.stdin.splitlines()
    message = json.loads(line)["message"]
    assert message["role"] == "user"
    return [block["text"] for block in message["content"]]


def test_a_new_session_has_the_name_it_is_given_and_another_is_gone_on_with() -> None:
    assert after("--session-id", launch(new_session="u")) == "u"
    made = launch(new_session="u", session="s")
    assert after("--resume", made) == "s"
    assert "--session-id" not in made.argv


def test_the_standing_text_is_a_file_and_there_is_none_for_none() -> None:
    made = launch(system="é", number=2)
    assert made.files == {"/f/system-2.md": "é".encode()}
    assert after("--append-system-prompt-file", made) == "/f/system-2.md"
    assert launch().files == {}
    assert "--append-system-prompt-file" not in launch().argv


def test_the_last_block_is_never_what_came_from_others() -> None:
    assert blocks(launch(prompt="/clear @/etc/x")) == ["/clear @/etc/x", "Begin."]


def test_the_first_message_to_an_old_session_carries_the_standing_text() -> None:
    assert blocks(launch(system="s", session="x")) == ["s", "do it", "Begin."]
    assert blocks(launch(system="s", session="x", number=2)) == ["do it", "Begin."]


def test_nothing_in_a_message_breaks_the_line() -> None:
    text = "a\nb\r\u2028\u2029\x00\x1b\ud800"
    assert blocks(launch(prompt=text))[0] == text


def test_caps_model_and_schema_are_handed_over() -> None:
    made = launch(model="haiku", max_turns=3, budget_usd=0.5, schema={**OBJECT, "$schema": "x", "$id": "y"})
    assert (after("--model", made), after("--max-turns", made), after("--max-budget-usd", made)) == (
        "haiku",
        "3",
        "0.5",
    )
    assert json.loads(after("--json-schema", made)) == OBJECT


@pytest.mark.parametrize(
    "schema", [None, True, {"type": "array"}, {"anyOf": [OBJECT]}, {**OBJECT, "title": "x" * 200_000}]
)
def test_a_schema_that_it_cannot_use_is_not_handed_over(schema: Any) -> None:
    assert "--json-schema" not in launch(schema=schema).argv


def test_tools_are_limited_to_those_of_the_role_and_run_without_asking() -> None:
    made = launch(tools=("Read", "Bash(git *)", "Bash(ls)", "mcp__x__y"))
    assert after("--tools", made) == "Read,Bash"
    start = made.argv.index("--allowedTools")
    assert made.argv[start + 1 :] == ("Read", "Bash(git *)", "Bash(ls)", "mcp__x__y")
    assert after("--tools", launch(tools=())) == ""
    assert "--allowedTools" not in launch(tools=()).argv
    assert "--tools" not in launch().argv


def test_nothing_is_bypassed() -> None:
    made = launch(tools=("Bash",))
    assert after("--permission-mode", made) == "acceptEdits"
    assert not [word for word in made.argv if "bypass" in word.lower() or "skip" in word]


def test_its_retries_are_bounded_unless_the_user_bounds_them() -> None:
    assert launch().env["CLAUDE_CODE_MAX_RETRIES"] == "1"
    assert "CLAUDE_CODE_MAX_RETRIES" not in launch({"CLAUDE_CODE_MAX_RETRIES": "7"}).env


def test_it_is_not_taken_for_a_part_of_an_outer_session() -> None:
    assert launch({"CLAUDECODE": "1", "HOME": "/h"}).unset == ("CLAUDECODE",)
