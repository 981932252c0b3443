"""How Gemini CLI is started, and what is made of what it prints; the real client's part is in `tests/clients`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from metaensemble.engine.runtimes.client import Launch, Seen, Turn, TurnEnd, Usage
from metaensemble.engine.runtimes.clients.gemini import Gemini

STARTED = {"type": "init", "session_id": "s-1", "model": "gemini-2.5-pro"}
FIGURES = {"total_tokens": 1055, "input_tokens": 1000, "output_tokens": 50, "cached": 200, "input": 800}
USED = Usage(tokens_in=800, tokens_out=55, cache_read_tokens=200, cache_create_tokens=0)


def said(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": text, "delta": True, **more}


def result(state: str = "success", **more: Any) -> dict[str, Any]:
    return {
        "type": "result",
        "status": state,
        "stats": {**FIGURES, "models": {"gemini-2.5-pro": FIGURES}},
        **more,
    }


def failed(message: str) -> dict[str, Any]:
    return result("error", error={"type": "unknown", "message": message})


def play(
    *events: Any,
    session: str | None = None,
    status: int | None = 0,
    signal: int | None = None,
    stderr: str = "",
) -> tuple[list[Seen], TurnEnd]:
    reader = Gemini().reader(Turn(system="", prompt="", session=session))
    lines = [event if isinstance(event, bytes) else json.dumps(event).encode() for event in events]
    seen = [one for line in lines for one in reader.feed(line)]
    return seen, reader.end(status=status, signal=signal, stderr=stderr)


def launch(environ: dict[str, str] | None = None, **turn: Any) -> Launch:
    return Gemini().launch(Turn(**{"system": "", "prompt": "do it", "folder": "/f", **turn}), environ or {})


# ---- the start


def test_the_message_goes_through_standard_input_behind_the_standing_text() -> None:
    long = "p" * 500_000
    made = launch(system="you are", prompt=long)
    assert made.stdin == f"you are\n\n{long}".encode()
    assert max(map(len, made.argv)) < 100
    assert launch(system="you are", number=2, session="s").stdin == b"do it"


def test_a_session_is_begun_or_gone_on_with() -> None:
    assert launch(new_session="u-1").argv[-2:] == ("--session-id", "u-1")
    made = launch(new_session="u-1", session="s-1").argv
    assert made[-2:] == ("--resume", "s-1")
    assert "--session-id" not in made
    assert launch(model="gemini-2.5-pro").argv[-2:] == ("--model", "gemini-2.5-pro")


@pytest.mark.parametrize(
    ("tools", "mode"),
    [
        (None, "auto_edit"),
        ((), "default"),
        (("Read",), "default"),
        (("Read", "Edit"), "auto_edit"),
        (("Bash(git *)",), "yolo"),
    ],
)
def test_the_role_says_how_much_it_may_do(tools: tuple[str, ...] | None, mode: str) -> None:
    argv = launch(tools=tools).argv
    assert argv[argv.index("--approval-mode") + 1] == mode


def test_repeating_is_left_to_the_engine_unless_the_user_has_system_settings() -> None:
    made = launch()
    ((path, data),) = made.files.items()
    assert json.loads(data) == {"general": {"maxAttempts": 1}}
    assert made.env["GEMINI_CLI_SYSTEM_SETTINGS_PATH"] == path == "/f/settings.json"
    assert launch({"GEMINI_CLI_SYSTEM_SETTINGS_PATH": "/own"}).files == {}


def test_a_session_that_this_program_is_run_from_is_not_told() -> None:
    assert launch({"GEMINI_SESSION_ID": "outer", "PATH": "x"}).unset == ("GEMINI_SESSION_ID",)


# ---- the end


def test_an_answer_and_each_token_once() -> None:
    seen, end = play(
        STARTED, {"type": "message", "role": "user", "content": "do it"}, said("hel"), said("lo"), result()
    )
    assert seen == [Seen(session="s-1")]
    assert end == TurnEnd(
        text="hello",
        session="s-1",
        usage=USED,
        usage_by_model={"gemini-2.5-pro": USED},
        usage_source="gemini:result.stats",
        model="gemini-2.5-pro",
    )
    assert not end.of_session, "the figures are of the process alone"


def test_models_that_were_not_used_are_left_out_and_several_name_none() -> None:
    none = dict.fromkeys(FIGURES, 0)
    stats = {**FIGURES, "models": {"gemini-2.5-pro": FIGURES, "gemini-2.5-flash": none}}
    end = play(STARTED, said("x"), result(stats=stats))[1]
    assert (list(end.usage_by_model), end.model) == (["gemini-2.5-pro"], "gemini-2.5-pro")
    stats = {**FIGURES, "models": {"a": FIGURES, "b": FIGURES}}
    assert len(play(STARTED, said("x"), result(stats=stats))[1].usage_by_model) == 2


def test_tools_and_files_are_seen_and_only_the_last_words_are_the_answer() -> None:
    def tool(name: str, **given: Any) -> dict[str, Any]:
        return {"type": "tool_use", "tool_name": name, "parameters": given}

    seen, end = play(
        STARTED,
        said("I look."),
        tool("read_file", file_path="/a"),
        tool("write_file", file_path="/b"),
        tool("replace", file_path="/c"),
        {"type": "tool_result", "status": "success"},
        said("done"),
        result(),
    )
    assert [one.tool for one in seen if one.tool] == ["read_file", "write_file", "replace"]
    assert [one.file for one in seen if one.file] == ["/b", "/c"]
    assert end.text == "done"


def test_a_tool_that_is_not_on_offer_was_refused() -> None:
    call = {"type": "tool_use", "tool_name": "run_shell_command", "tool_id": "c1", "parameters": {}}
    error = {"type": "tool_not_registered", "message": "Tool not found."}
    seen, _ = play(
        STARTED,
        call,
        {"type": "tool_result", "tool_id": "c1", "status": "error", "error": error},
        {"type": "tool_result", "tool_id": "c1", "status": "error", "error": {"type": "file_not_found"}},
        said("no"),
        result(),
    )
    assert [one.refused for one in seen if one.refused] == ["run_shell_command"]


@pytest.mark.parametrize(
    ("code", "status", "failure"),
    [
        (400, 144, "invalid_request"),
        (401, 145, "auth"),
        (403, 147, "auth"),
        (404, 148, "invalid_request"),
        (429, 173, "rate_limited"),
        (503, 247, "rate_limited"),
        (504, 248, "timeout"),
    ],
)
def test_the_status_of_the_service_is_told_in_words_or_by_the_exit_code(
    code: int, status: int, failure: str
) -> None:
    wrapped = json.dumps({"error": {"code": code, "message": "it says why", "status": "X"}})
    end = play(STARTED, failed(f"[API Error: {wrapped}]"), status=status)[1]
    assert (end.outcome, end.failure, end.reason) == ("failed", failure, "it says why")
    assert end.usage == USED, "what was spent is told all the same"
    assert play(STARTED, failed("[API Error: it says why]"), status=status)[1].failure == failure


@pytest.mark.parametrize(
    ("message", "failure"),
    [
        ("[API Error: terminated]", "truncated"),
        ("[API Error: Model stream ended without a finish reason.]", "truncated"),
        (
            "[API Error: You exceeded your current quota, please check your plan and billing details]",
            "spend_limit",
        ),
        ("[API Error: Model returned an empty response]", "no_result"),
        ("[API Error: something odd]", "other"),
    ],
)
def test_what_the_words_of_an_error_come_to(message: str, failure: str) -> None:
    assert play(STARTED, said("par"), failed(message), status=1)[1].failure == failure


def test_an_answer_that_is_told_as_well_as_an_error_is_none() -> None:
    assert play(STARTED, said("the whole"), failed("x"), status=0)[1].outcome == "failed"
    assert play(STARTED, said("the whole"), result(), status=1)[1].outcome == "failed"


def test_an_end_without_words_or_without_a_result() -> None:
    assert play(STARTED, said(" \n"), result())[1].failure == "no_result"
    assert play(STARTED, said("half"), status=0)[1].failure == "no_result"
    killed = play(STARTED, said("half"), status=None, signal=9)[1]
    assert (killed.failure, killed.session) == ("no_result", "s-1")
    assert killed.usage == Usage(), "what it used is not known"


def test_a_session_that_is_not_there_is_lost() -> None:
    end = play(
        session="gone", status=42, stderr='Error resuming session: Invalid session identifier "gone".\n'
    )[1]
    assert (end.session_lost, end.failure) == (True, "other")
    assert end.usage == Usage()


@pytest.mark.parametrize(
    "line", [b"", b"YOLO mode is enabled.", b"\xff", b"[]", b"3", b"[" * 100_000, b'{"type": 3}']
)
def test_other_lines_are_passed_over(line: bytes) -> None:
    assert play(line, STARTED, line, said("x"), line, result())[1].text == "x"


@pytest.mark.parametrize(
    "odd", [None, 3, "x", [], {"models": 3}, {"models": {"m": 3}}, {"total_tokens": "many"}]
)
def test_odd_figures_are_no_figures(odd: Any) -> None:
    end = play(STARTED, said("x"), {"type": "result", "status": "success", "stats": odd})[1]
    assert (end.outcome, end.usage.tokens_in) == ("ok", 0)
