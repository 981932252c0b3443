"""A model that answers from a script: one server on loopback, in the dialects that agents' clients speak.

    with ModelServer(Script([("MARK-A", [Reply("first"), Reply("second")]), ("MARK-B", Reply(fault=throttled()))])) as server:
        ... start a client with its base URL set to `server.url` (`server.v1` for the OpenAI dialects) ...
        assert [record.rule for record in server.records] == ["MARK-A"]

A script is a list of rules; the first one whose marker occurs in the messages of a request answers it.
Replies and faults are in `reply.py`, rules in `script.py`, what was recorded in `record.py`, and each
dialect (Anthropic Messages, OpenAI Responses, OpenAI Chat Completions, Gemini) in a file of its own.
"""

from __future__ import annotations

from .asked import Asked, Message
from .record import Record
from .reply import Call, Fault, Figures, Reply, cut, drop, held, refusal, status, throttled
from .script import Script
from .server import ModelServer

__all__ = [
    "Asked",
    "Call",
    "Fault",
    "Figures",
    "Message",
    "ModelServer",
    "Record",
    "Reply",
    "Script",
    "cut",
    "drop",
    "held",
    "refusal",
    "status",
    "throttled",
]
