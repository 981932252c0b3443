"""How opencode is started, and what is made of what it prints; the real client's part is in `tests/clients`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from metaensemble.engine.runtimes.client import Launch, Seen, Turn, TurnEnd, Usage
from metaensemble.engine.runtimes.clients.opencode import Opencode

STARTED = {"type": "step_start", "sessionID": "ses_1", "part": {"type": "step-start"}}


def said(text: str) -> dict[str, Any]:
    return {"type": "text", "sessionID": "ses_1", "part": {"type": "text", "text": text}}


def finished(reason: str = "stop", *, cost: Any = 0.25, **tokens: Any) -> dict[str, Any]:
    given = {"input": 800, "output": 45, "reasoning": 5, "cache": {"read": 200, "write": 10}, **tokens}
    return {
        "type": "step_finish",
        "sessionID": "ses_1",
        "part": {"reason": reason, "tokens": given, "cost": cost},
    }


def tool(name: str, state: str = "completed", **given: Any) -> dict[str, Any]:
    return {
        "type": "tool_use",
        "sessionID": "ses_1",
        "part": {"tool": name, "state": {"status": state, "input": given}},
    }


def error(message: str, status: int | None = None, **more: Any) -> dict[str, Any]:
    data = {"message": message, **({} if status is None else {"statusCode": status}), **more}
    return {"type": "error", "sessionID": "ses_1", "error": {"name": "APIError", "data": data}}


def play(
    *events: Any,
    session: str | None = None,
    status: int | None = 0,
    signal: int | None = None,
    stderr: str = "",
) -> tuple[list[Seen], TurnEnd]:
    reader = Opencode().reader(Turn(system="", prompt="", session=session))
    lines = [event if isinstance(event, bytes) else json.dumps(event).encode() for event in events]
    seen = [one for line in lines for one in reader.feed(line)]
    return seen, reader.end(status=status, signal=signal, stderr=stderr)


def launch(environ: dict[str, str] | None = None, **turn: Any) -> Launch:
    return Opencode().launch(Turn(**{"system": "", "prompt": "do it", "folder": "/f", **turn}), environ or {})


def config(made: Launch) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(made.env["OPENCODE_CONFIG_CONTENT"])
    return found


# ---- the start


def test_the_message_goes_through_standard_input_and_the_standing_text_into_a_file() -> None:
    long = "p" * 500_000
    made = launch(system="you are", prompt=long, number=2)
    assert made.stdin == long.encode()
    assert max(map(len, made.argv)) < 100
    assert made.files == {"/f/system-2.md": b"you are"}
    assert config(made)["instructions"] == ["/f/system-2.md"]


def test_a_session_is_begun_or_gone_on_with() -> None:
    assert launch(new_session="u").argv[-2:] == ("--title", "metaensemble")
    assert launch(session="ses_1").argv[-2:] == ("--session", "ses_1")
    argv = launch(model="scripted/m").argv
    assert argv[argv.index("--model") + 1] == "scripted/m"


@pytest.mark.parametrize(
    ("tools", "edit", "bash"),
    [
        (None, "allow", "deny"),
        ((), "deny", "deny"),
        (("Edit",), "allow", "deny"),
        (("Bash",), "allow", "allow"),
    ],
)
def test_the_role_says_what_it_may_do_and_nobody_is_asked(
    tools: tuple[str, ...] | None, edit: str, bash: str
) -> None:
    assert config(launch(tools=tools))["permission"] == {
        "edit": edit,
        "bash": bash,
        "external_directory": "deny",
    }


def test_settings_of_the_user_stay_beside_ours() -> None:
    own = {"model": "p/m", "instructions": ["OWN.md"], "permission": {"webfetch": "deny", "bash": "allow"}}
    made = config(launch({"OPENCODE_CONFIG_CONTENT": json.dumps(own)}, system="s", tools=()))
    assert made["model"] == "p/m"
    assert made["instructions"] == ["OWN.md", "/f/system-1.md"]
    assert made["permission"]["webfetch"] == "deny"
    assert made["permission"]["bash"] == "deny"
    assert "model" not in config(launch({"OPENCODE_CONFIG_CONTENT": "no json"}))


def test_it_installs_and_updates_nothing_unless_the_user_says_so() -> None:
    env = launch().env
    assert {env["npm_config_offline"], env["OPENCODE_DISABLE_AUTOUPDATE"]} == {"true", "1"}
    assert "npm_config_offline" not in launch({"npm_config_offline": "false"}).env


# ---- the end


def test_an_answer_and_each_token_once() -> None:
    seen, end = play(STARTED, said("hel"), said("lo"), finished())
    used = Usage(tokens_in=800, tokens_out=50, cache_read_tokens=200, cache_create_tokens=10, cost_usd=0.25)
    assert seen == [Seen(session="ses_1"), Seen(usage=used)]
    assert end == TurnEnd(
        text="hello", session="ses_1", usage=used, usage_source="opencode:step_finish", steps=1
    )


def test_the_figures_are_the_sum_of_the_steps_and_the_last_words_the_answer() -> None:
    seen, end = play(
        STARTED,
        said("I look."),
        tool("write", filePath="/a"),
        tool("edit", "error", filePath="/b"),
        tool("read", filePath="/c"),
        finished("tool-calls"),
        STARTED,
        said("done"),
        finished(),
    )
    assert (end.text, end.steps) == ("done", 2)
    assert end.usage == Usage(
        tokens_in=1600, tokens_out=100, cache_read_tokens=400, cache_create_tokens=20, cost_usd=0.5
    )
    assert [one.tool for one in seen if one.tool] == ["write", "edit", "read"]
    assert [one.file for one in seen if one.file] == ["/a"], "a file that was not written was not touched"


def test_a_tool_that_is_not_on_offer_or_forbidden_was_refused() -> None:
    unavailable = {"tool": "invalid", "state": {"status": "completed", "input": {"tool": "bash"}}}
    rule = "The user has specified a rule which prevents you from using this specific tool call."
    forbidden = {"tool": "edit", "state": {"status": "error", "input": {}, "error": rule}}
    events = [{"type": "tool_use", "sessionID": "ses_1", "part": part} for part in (unavailable, forbidden)]
    seen, _ = play(STARTED, *events, said("no"), finished())
    assert [(one.tool, one.refused) for one in seen if one.tool] == [("bash", "bash"), ("edit", "edit")]


def test_that_steps_of_subagents_are_not_told_is_told() -> None:
    end = play(STARTED, tool("task", prompt="x"), finished("tool-calls"), STARTED, said("x"), finished())[1]
    assert end.usage_source == "opencode:step_finish, without subagents"


@pytest.mark.parametrize("cost", [0, 0.0, None, "1", True])
def test_a_model_without_a_price_has_no_cost(cost: Any) -> None:
    assert play(STARTED, said("x"), finished(cost=cost))[1].usage.cost_usd is None


@pytest.mark.parametrize(
    ("reason", "failure"),
    [
        ("length", "truncated"),
        ("content-filter", "refused"),
        ("unknown", "truncated"),
        ("error", "truncated"),
        ("tool-calls", "no_result"),
    ],
)
def test_a_last_step_that_did_not_stop_by_itself_is_no_answer(reason: str, failure: str) -> None:
    end = play(STARTED, said("a part of it"), finished(reason))[1]
    assert (end.outcome, end.failure) == ("failed", failure)
    assert end.usage.tokens_in == 800, "what was spent is told all the same"


def test_a_step_that_broke_off_is_forgotten_once_another_came_to_its_end() -> None:
    broken = finished("unknown", cost=0, input=0, output=0, reasoning=0, cache={})
    end = play(STARTED, said("a part"), broken, STARTED, said("the whole"), finished())[1]
    assert (end.outcome, end.text) == ("ok", "the whole")
    assert end.usage.tokens_in == 800


@pytest.mark.parametrize(
    ("event", "failure"),
    [
        (error("invalid key", 401, isRetryable=False), "auth"),
        (error("bad", 400), "invalid_request"),
        (error("slow down", 429), "rate_limited"),
        (error("over", 503), "rate_limited"),
        (error("You exceeded your current quota", 429), "spend_limit"),
        (error("prompt is too long: 9 tokens"), "invalid_request"),
        (error("Unexpected server error."), "other"),
        ({"type": "error"}, "other"),
    ],
)
def test_an_error_has_its_reason(event: dict[str, Any], failure: str) -> None:
    end = play(event, status=1)[1]
    assert (end.outcome, end.failure) == ("failed", failure)
    assert end.reason


@pytest.mark.parametrize(("said_after", "seconds"), [("7", 7.0), ("soon", None), (None, None)])
def test_how_long_to_wait_is_told(said_after: str | None, seconds: float | None) -> None:
    headers = {} if said_after is None else {"retry-after": said_after}
    assert play(error("x", 429, responseHeaders=headers), status=1)[1].retry_after == seconds
    assert play(error("x", 401, responseHeaders=headers), status=1)[1].retry_after is None


def test_an_end_before_anything_began() -> None:
    assert play(status=0)[1].failure == "no_result"
    killed = play(STARTED, said("half"), status=None, signal=9)[1]
    assert (killed.failure, killed.session, killed.usage) == ("no_result", "ses_1", Usage())
    lost = play(session="ses_0", status=1, stderr="\x1b[91m\x1b[1mError: \x1b[0mSession not found\n")[1]
    assert (lost.session_lost, lost.reason) == (True, "Error: Session not found")
    again = play(status=1, stderr="Error: database is locked")[1]
    assert (again.not_begun, again.failure) == (True, "spawn_failed")


@pytest.mark.parametrize(
    "line", [b"", b"words", b"\xff", b"[]", b"[" * 100_000, b'{"type": 3}', b'{"type": "text"}']
)
def test_other_lines_are_passed_over(line: bytes) -> None:
    assert play(line, STARTED, line, said("x"), line, finished(), line)[1].text == "x"
