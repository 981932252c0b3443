"""One turn with a model API, as a program: a request on standard input, lines of JSON on standard output.

The request is a JSON object: `model`, `system`, `prompt`, `schema` (or null), `session` and whether it is
`resumed`, `sessions` (the folder of what was said before), `max_requests`. The lines are `begin` with the
session, and then `result` or `error`; both have `usage`, which is empty where nobody said what was used, and
an error has a `kind` out of the reasons for failures, or `session_lost`.

Nothing of the package is imported, so that the program can be started by its path.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
from pathlib import Path
from typing import Any

TIMEOUT = 600.0
"""Seconds that one request may take. The attempt's own limit is kept outside."""


def say(line: str, /, **fields: Any) -> None:
    """Print one line, of the type `line`."""
    print(json.dumps({"type": line, **fields}), flush=True)


def usage_of(usage: Any, *, is_told: bool = True) -> dict[str, int]:
    """The tokens by kind, each counted once; the library counts what was cached as a part of what went in.
    Zeros are no figures where the service did not tell any."""
    read, written = usage.cache_read_tokens or 0, usage.cache_write_tokens or 0
    is_told = is_told and not getattr(usage, "unmeasured_requests", 0)
    if not is_told and not usage.input_tokens and not usage.output_tokens:
        return {}
    return {
        "tokens_in": max((usage.input_tokens or 0) - read - written, 0),
        "tokens_out": usage.output_tokens or 0,
        "cache_read_tokens": read,
        "cache_create_tokens": written,
    }


def history_file(asked: dict[str, Any]) -> Path:
    """Where what was said in the session stands."""
    name = "".join(char for char in str(asked["session"]) if char.isalnum() or char == "-")
    return Path(asked["sessions"]) / f"{name}.json"


def keep(path: Path, data: bytes) -> None:
    """Write the history whole or not at all, for the user alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}.part")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    scratch.replace(path)


def model_of(name: str) -> Any:
    """The model, whose client does not repeat anything by itself: that is the engine's."""
    from pydantic_ai.models import infer_model
    from pydantic_ai.providers import infer_provider

    def provider(kind: str) -> Any:
        found = infer_provider(kind)
        client: Any = getattr(found, "client", None)
        if hasattr(client, "max_retries"):
            client.max_retries = 0
        return found

    return infer_model(name, provider_factory=provider)


async def ask(asked: dict[str, Any]) -> None:
    """Carry the request out."""
    from pydantic_ai import Agent, StructuredDict, capture_run_messages
    from pydantic_ai.exceptions import UnexpectedModelBehavior
    from pydantic_ai.messages import ModelMessagesTypeAdapter
    from pydantic_ai.usage import RunUsage, UsageLimits

    path = history_file(asked)
    history = None
    if asked["resumed"]:
        try:
            history = ModelMessagesTypeAdapter.validate_json(path.read_bytes())
        except (OSError, ValueError):
            say("error", kind="session_lost", message="what was said in the session is not there any more")
            return
    say("begin", session=asked["session"])
    usage = RunUsage()
    messages: list[Any] = []
    schema = asked["schema"]
    try:
        model = model_of(asked["model"] or "")
    except Exception as problem:
        say("error", **unusable(problem, asked["model"] or ""), usage=usage_of(usage))
        return
    try:
        agent: Any = Agent(
            model,
            output_type=str if not is_object(schema) else StructuredDict(schema, name="result"),
            instructions=asked["system"] or None,
            retries=0,
            model_settings={"timeout": TIMEOUT},
        )
        with capture_run_messages() as captured:
            messages = captured
            async with agent:  # which leaves no connection open
                result = await agent.run(
                    asked["prompt"],
                    message_history=history,
                    usage=usage,
                    usage_limits=UsageLimits(request_limit=asked["max_requests"]),
                )
    except UnexpectedModelBehavior as problem:
        said = said_instead(messages)
        if said is None:
            say("error", **unanswered(problem, messages), usage=usage_of(usage))
            return
        # Words in place of an object are an answer all the same: whoever asked says what is wrong with it.
        answered, text = said
        keep(path, ModelMessagesTypeAdapter.dump_json(answered))
        say("result", output=text, model=answered[-1].model_name, usage=usage_of(usage))
        return
    except Exception as problem:
        found = told(problem)
        # Whoever refuses uses nothing; what became of a request that nobody answered is not known.
        is_told = found["status"] is not None or bool(names_of(chain_of(problem)) & UNSENT)
        say("error", **found, usage=usage_of(usage, is_told=is_told))
        return
    keep(path, result.all_messages_json())
    response = result.response
    stopped = STOPS.get(response.finish_reason or "")
    if stopped is not None:
        say("error", kind=stopped[0], message=stopped[1], usage=usage_of(usage))
        return
    say("result", output=result.output, model=response.model_name, usage=usage_of(usage))


def is_object(schema: Any) -> bool:
    """Whether the library can ask for it: an object. The engine checks every answer all the same."""
    return isinstance(schema, dict) and schema.get("type") == "object"


def said_instead(messages: list[Any]) -> tuple[list[Any], str] | None:
    """What was said up to the model's last answer, which the library did not take, with that answer as the
    text that it is; None where there is none, or it broke off."""
    from dataclasses import replace

    from pydantic_ai.messages import TextPart, ToolCallPart

    last = last_answer(messages)
    if last is None or messages[last].finish_reason in STOPS:
        return None
    texts = [messages[last].text or ""]
    texts += [part.args_as_json_str() for part in messages[last].parts if isinstance(part, ToolCallPart)]
    text = "\n".join(filter(None, texts))
    if not text.strip():
        return None
    return [*messages[:last], replace(messages[last], parts=[TextPart(content=text)])], text


def last_answer(messages: list[Any]) -> int | None:
    """Where the model's last answer stands."""
    from pydantic_ai.messages import ModelResponse

    return next(
        (at for at in reversed(range(len(messages))) if isinstance(messages[at], ModelResponse)), None
    )


def unanswered(problem: Exception, messages: list[Any]) -> dict[str, Any]:
    """What it comes to that the model's last answer is none."""
    found = told(problem)
    last = last_answer(messages)
    if last is None or found["kind"] != "no_result":
        return found
    kind, message = STOPS.get(messages[last].finish_reason or "", ("no_result", NO_ANSWER))
    return {**found, "kind": kind, "message": message}


def unusable(problem: Exception, model: str) -> dict[str, Any]:
    """What it comes to that there is no such model, no key, or no package for the provider."""
    found = told(problem)
    extra = EXTRAS.get(model.split(":", maxsplit=1)[0])
    if extra is not None and isinstance(problem, ImportError):
        found["message"] = f"the package for `{model}` is not installed: pip install 'metaensemble[{extra}]'"
    return {**found, "kind": "auth" if found["kind"] == "auth" else "invalid_request"}


def told(problem: Exception) -> dict[str, Any]:
    """What an error comes to: its kind, the status of the service, and how long that wants to be left be."""
    chain = chain_of(problem)
    status = next((code for one in chain if isinstance(code := getattr(one, "status_code", None), int)), None)
    headers: Any = next(
        (found for one in chain if (found := getattr(getattr(one, "response", None), "headers", None))), {}
    )
    # Some services say it in the body, which the library has read.
    after = next((found for one in chain if (found := getattr(one, "retry_after", None)) is not None), None)
    if after is None and hasattr(headers, "get"):
        after = headers.get("retry-after")
    names = names_of(chain)
    message = message_of(chain)[:2000] or type(problem).__name__
    return {
        "kind": kind_of(names, status, str(problem)),
        "status": status,
        "message": f"the connection broke off: {message}" if message in BROKEN else message,
        "retry_after": after,
    }


def chain_of(problem: Exception) -> list[Exception]:
    """The error and those below it."""
    chain = [problem]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and len(chain) < 8:
        chain.append(cause)  # type: ignore[arg-type]
    return chain


def names_of(chain: list[Exception]) -> set[str]:
    """What the errors are, by the names of their classes."""
    return {kind.__name__ for one in chain for kind in type(one).__mro__}


def message_of(chain: list[Exception]) -> str:
    """What the service said, or else the library, and what that was about."""
    body = getattr(chain[0], "body", None)
    if isinstance(body, dict):
        inner = body.get("error")
        said = (inner if isinstance(inner, dict) else body).get("message")
        if isinstance(said, str):
            return said
    first = str(chain[0]).split(", body:", maxsplit=1)[0]
    if "onnection" not in first:
        return first
    last = next((text for one in reversed(chain) if (text := str(one)) and text not in first), "")
    return f"{first.rstrip('.')}: {last}" if last else first


UNSENT = {"UserError", "UsageLimitExceeded", "ConnectError", "ConnectTimeout"}
"""Names of errors of requests that reached nobody."""

BROKEN = {"RemoteProtocolError", "ReadError", "IncompleteRead"}
"""Names of errors of connections that ended before the answer was whole."""

EXTRAS = {"anthropic": "api", "google": "api-google", "openai": "api", "openai-chat": "api"}
"""The extra that brings the package for a provider."""

NO_ANSWER = "the model ended without an answer"

KINDS = (
    ({"ModelAuthenticationError", "AuthenticationError", "PermissionDeniedError"}, "auth"),
    ({"ModelRateLimitError", "RateLimitError", "ModelOverloadedError"}, "rate_limited"),
    ({"ContentFilterError"}, "refused"),
    ({"OutputTokenLimitExceeded", "IncompleteToolCall"}, "truncated"),
    ({"UsageLimitExceeded"}, "budget_exceeded"),
    (BROKEN, "truncated"),
    (
        {"ModelTimeoutError", "ModelRequestTimeout", "APITimeoutError", "ReadTimeout", "RunTimedOut"},
        "timeout",
    ),
    (
        {
            *("ModelContextWindowExceededError", "ModelRequestRejectedError", "ModelNotFoundError"),
            *("BadRequestError", "NotFoundError", "UnprocessableEntityError"),
        },
        "invalid_request",
    ),
)
"""Names of errors, of the library and those below it, and what they come to; the first that fits counts."""

STOPS = {
    "length": ("truncated", "the model stopped at its limit of tokens"),
    "content_filter": ("refused", "the model would not answer, or a filter held the answer back"),
    "error": ("no_result", "the model's service ended the answer with an error"),
}
"""Reasons for which a model stopped before it had answered."""

STATUSES = {401: "auth", 402: "spend_limit", 403: "auth", 408: "timeout", 429: "rate_limited"}


def kind_of(names: set[str], status: int | None, text: str) -> str:
    """The reason for the failure, or `other`."""
    if "UserError" in names:
        return "auth" if "api_key" in text.lower() or "api key" in text.lower() else "invalid_request"
    if "ModelQuotaExceededError" in names:
        return "spend_limit"  # sent with the status of those that ask too often, and no wait helps
    if status in STATUSES:
        return STATUSES[status]
    if status in {503, 529}:
        return "rate_limited"
    for known, kind in KINDS:
        if names & known:
            return kind
    if status is not None and 400 <= status < 500:
        return "invalid_request"
    return "no_result" if "UnexpectedModelBehavior" in names else "other"


def main() -> None:
    """Read the request and carry it out."""
    # The libraries make a great many objects that stay: a start that does not look through them is shorter.
    gc.disable()
    # The folder of this file holds modules of other names' sake; it is no place to import from.
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != os.path.dirname(__file__)]
    asyncio.run(ask(json.loads(sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
