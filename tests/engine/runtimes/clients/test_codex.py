"""How Codex is started."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest

from metaensemble.engine.runtimes.client import Launch, Turn
from metaensemble.engine.runtimes.clients.codex import Codex


def launch(**turn: Any) -> Launch:
    return Codex().launch(Turn(**{"system": "", "prompt": "do it", "folder": "/f", **turn}), {})


def settings(made: Launch) -> dict[str, Any]:
    given = [word for flag, word in zip(made.argv, made.argv[1:], strict=False) if flag == "-c"]
    return tomllib.loads("\n".join(given))


def test_a_new_thread_and_one_that_is_gone_on_with() -> None:
    assert launch().argv[:2] == ("codex", "exec")
    assert launch().argv[2] != "resume"
    made = launch(session="t")
    assert made.argv[:3] == ("codex", "exec", "resume")
    assert made.argv[-2:] == ("t", "-")
    assert made.stdin == b"do it"


@pytest.mark.parametrize(
    "text", ['a "b" \\ c', "line\nline\t\x07\x7f", "é\u2028\U0001f600", "\ud800", "'''", "]=#"]
)
def test_the_standing_text_is_a_setting_whatever_is_in_it(text: str) -> None:
    assert settings(launch(system=text))["developer_instructions"] == text.encode("utf-8", "replace").decode()


def test_the_standing_text_goes_into_the_message_where_a_setting_would_not_do() -> None:
    long = "s" * 200_000
    assert launch(system=long).stdin == f"{long}\n\ndo it".encode()
    assert launch(system="s", session="t").stdin == b"s\n\ndo it"
    assert launch(system="s", session="t", number=2).stdin == b"do it"
    assert launch(system="a\0b").stdin == b"a\0b\n\ndo it"


def test_nobody_is_asked_and_the_sandbox_is_on() -> None:
    assert settings(launch()) == {"approval_policy": "never", "sandbox_mode": "workspace-write"}
    assert settings(launch(session="t"))["sandbox_mode"] == "workspace-write"


@pytest.mark.parametrize(
    ("tools", "mode"),
    [
        (("Read", "Grep"), "read-only"),
        ((), "read-only"),
        (("Read", "Bash(git *)"), "workspace-write"),
        (("Write",), "workspace-write"),
    ],
)
def test_a_role_without_tools_that_change_anything_reads_only(tools: tuple[str, ...], mode: str) -> None:
    assert settings(launch(tools=tools))["sandbox_mode"] == mode


def test_model_and_schema_are_handed_over() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    made = launch(model="m", schema=schema, number=3)
    assert made.argv[made.argv.index("--model") + 1] == "m"
    assert made.argv[made.argv.index("--output-schema") + 1] == "/f/schema-3.json"
    assert json.loads(made.files["/f/schema-3.json"]) == {**schema, "additionalProperties": False}
    assert launch(schema={"type": "string"}).files == {}
