"""The client of model APIs: its program against the scripted server, and what its reader makes of the lines."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from metaensemble.engine.prices.pricing import Pricing
from metaensemble.engine.runtimes.agent import AgentRuntime
from metaensemble.engine.runtimes.client import Turn, Usage
from metaensemble.engine.runtimes.clients.api import Api
from metaensemble.engine.runtimes.clients.api_reader import ApiReader
from metaensemble.engine.runtimes.protocol import AttemptResult
from metaensemble.schemas.bound import OutputContract
from support.clients.alone import request_of
from support.clients.homes import Home, make_home
from support.clients.kinds import Kind
from support.clients.single import Ended, carry_out
from support.fakes import MemoryBlobs, carried_out, run_async
from support.model_server import Figures, ModelServer, Reply, Script

pytest.importorskip("pydantic_ai", reason="the extra `api` is not installed")

MODELS = [OPENAI, CHAT, ANTHROPIC, GOOGLE] = [
    f"{provider}:mock-model" for provider in ("openai", "openai-chat", "anthropic", "google")
]
"""One for each language."""

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as made:
        yield made
        assert made.script.unscripted == []


class Asks:
    def __init__(self, home: Home) -> None:
        self.folder = home.root
        self.home = home

    def __call__(self, prompt: str = "MARK", **turn: Any) -> Ended:
        given = {"system": "standing", "prompt": prompt, "cwd": str(self.folder), "folder": str(self.folder)}
        if "session" not in turn:
            turn.setdefault("new_session", "0190-abc")
        return carry_out(Api(), Turn(**{**given, **turn}), self.home)


@pytest.fixture
def ask(tmp_path: Path, server: ModelServer) -> Asks:
    return Asks(make_home("api", tmp_path / "home", server))


@pytest.mark.parametrize("model", MODELS)
def test_a_conversation_with_the_figures_of_the_script(ask: Asks, server: ModelServer, model: str) -> None:
    used = Figures(tokens_in=700, tokens_out=40, cache_read=200, reasoning=15)
    server.use(Script([("MARK", [Reply("first", usage=used), Reply(value={"n": 3})])]))
    first = ask(model=model).end
    assert (first.outcome, first.text, first.model) == ("ok", "first", "mock-model")
    assert first.usage == Usage(tokens_in=700, tokens_out=40, cache_read_tokens=200, cache_create_tokens=0)
    second = ask("MARK again", model=model, session=first.session, schema=SCHEMA).end
    assert (second.value, second.is_value, second.session) == ({"n": 3}, True, first.session)
    asked = server.records[-1].asked
    assert "first" in [message.text for message in asked.messages if message.role == "assistant"]
    assert "standing" in asked.system
    (kept,) = (ask.folder / ".metaensemble" / "state" / "sessions").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


@pytest.mark.parametrize("model", [OPENAI, CHAT, GOOGLE])
def test_words_in_place_of_an_object_are_an_answer_that_can_be_asked_about(
    ask: Asks, server: ModelServer, model: str
) -> None:
    server.use(Script([("MARK", [Reply("I would say three."), Reply(value={"n": 3})])]))
    first = ask(model=model, schema=SCHEMA).end
    assert (first.outcome, first.text, first.is_value) == ("ok", "I would say three.", False)
    assert first.usage.tokens_out == 50
    second = ask("An object, please.", model=model, session=first.session, schema=SCHEMA).end
    assert second.value == {"n": 3}
    told = [message.text for message in server.records[-1].asked.messages]
    assert ["MARK" in told[0], told[1:]] == [True, ["I would say three.", "An object, please."]]


@pytest.mark.parametrize(
    ("model", "prices"),
    [("openai-chat:gpt-5", (1.25, 10, 0.125)), ("google:gemini-2.5-flash", (0.3, 2.5, 0.03))],
)
def test_an_attempt_asks_again_in_the_same_session_and_its_cost_is_reckoned(
    ask: Asks, server: ModelServer, tmp_path: Path, model: str, prices: tuple[float, float, float]
) -> None:
    used = Figures(tokens_in=700, tokens_out=40, cache_read=200)
    replies = [
        Reply("Three.", usage=used),
        Reply(value={"n": "3"}, usage=used),
        Reply(value={"n": 3}, usage=used),
    ]
    server.use(Script([("MARK", replies)]))
    (tmp_path / "project").mkdir()
    kind = Kind(name="api", model=model, unknown_session="")
    request = request_of(
        kind, tmp_path / "project", "MARK", output=OutputContract(form="json", schema=SCHEMA)
    )

    async def scenario() -> AttemptResult:
        price = Pricing(None)
        runtime = AgentRuntime(Api(), MemoryBlobs(), environ=ask.home.environ, price=price)
        try:
            return await carried_out(runtime, request)
        finally:
            await runtime.close()

    result = run_async(scenario())
    assert (result.outcome, result.output) == ("ok", {"n": 3}), result.reason
    columns = result.columns
    assert [columns[name] for name in ("tokens_in", "tokens_out", "cache_read_tokens")] == [2100, 120, 600]
    expected = sum(tokens * price for tokens, price in zip((2100, 120, 600), prices, strict=True)) / 1e6
    assert columns["cost_usd"] == pytest.approx(expected)
    assert (columns["cost_kind"], columns["price_table"]) == ("billed", Pricing(None).stamp)
    assert len(server.records) == 3
    assert ask.home.processes() == []


def test_an_unknown_session_is_lost_and_costs_nothing(ask: Asks, server: ModelServer) -> None:
    server.use(Script([]))
    end = ask(model=OPENAI, session="never-seen").end
    assert (end.outcome, end.session_lost, server.records) == ("failed", True, [])


@pytest.mark.parametrize(
    ("model", "failure", "words"),
    [
        ("nonsense", "invalid_request", "nonsense"),
        ("nobody:x", "invalid_request", "nobody"),
        (None, "invalid_request", "model"),
        ("groq:x", "invalid_request", "install"),
        ("openrouter:x", "auth", "OPENROUTER_API_KEY"),
    ],
)
def test_what_cannot_be_asked_is_told(
    ask: Asks, server: ModelServer, model: str | None, failure: str, words: str
) -> None:
    server.use(Script([]))
    end = ask(model=model).end
    assert (end.failure, server.records) == (failure, [])
    assert words in end.reason


@pytest.mark.parametrize(
    ("model", "missing", "extra"), [(GOOGLE, "google/genai", "api-google"), (ANTHROPIC, "anthropic", "api")]
)
def test_the_extra_that_brings_a_missing_package_is_named(
    ask: Asks, server: ModelServer, tmp_path: Path, model: str, missing: str, extra: str
) -> None:
    broken = tmp_path / "broken" / missing.split("/", maxsplit=1)[0]
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('it is not there')\n")
    server.use(Script([]))
    home = replace(ask.home, environ={**ask.home.environ, "PYTHONPATH": str(broken.parent)})
    end = Asks(home)(model=model).end
    assert (end.failure, server.records) == ("invalid_request", [])
    assert f"pip install 'metaensemble[{extra}]'" in end.reason


def test_the_request_is_data_on_standard_input() -> None:
    turn = Turn(system="s", prompt="p", model="openai:x", new_session="n", folder="/f", max_turns=3)
    launch = Api().launch(turn, {"HOME": "/home/dev"})
    assert launch.argv[0] == sys.executable
    asked = json.loads(launch.stdin)
    assert asked["sessions"] == "/home/dev/.metaensemble/state/sessions"
    assert (asked["max_requests"], asked["resumed"]) == (3, False)


def test_a_program_that_ended_without_a_word() -> None:
    reader = ApiReader(Turn(system="", prompt=""))
    assert list(reader.feed(b"no json")) == []
    end = reader.end(status=1, signal=None, stderr="Traceback\nboom")
    assert (end.failure, end.reason.endswith("boom")) == ("no_result", True)
    capped = ApiReader(Turn(system="", prompt=""))
    capped.feed(b'{"type": "error", "kind": "budget_exceeded", "message": "cap", "usage": {"tokens_in": 2}}')
    end = capped.end(status=0, signal=None, stderr="")
    assert (end.outcome, end.usage.tokens_in) == ("budget_exceeded", 2)
