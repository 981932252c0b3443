"""Whether what an agent returned looks like a text that wants to steer the next one. Pure.

An agent that did nothing and answered at once, in words that give orders instead of the value that it was
asked for, has most likely passed on somebody else's instructions. The signs are words of a language, so they
prove nothing: they only count where the other signs of `is_suspect` are there as well.
"""

from __future__ import annotations

import re
from typing import Final

QUICK_S: Final = 60.0
"""Seconds below which an attempt without a tool took no time for work."""

_LOOKED_AT: Final = 20_000

_PLAIN_SIGNS: Final = tuple(
    re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    for pattern in (
        (
            r"\b(ignore|disregard|forget|override)\b[^.\n]{0,40}"
            r"\b(instructions?|prompts?|rules?|guidelines|(?:told|said) (?:before|above))\b"
        ),
        (
            r"\byou are (now |no longer )?(an?|the|my)\b[^.\n]{0,60}"
            r"\b(agent|assistant|model|ai|expert|engineer|reviewer|executor|role|bot)\b"
        ),
        (
            r"^[ \t]{0,8}[#<\[*_]{0,6} ?(system|assistant|user|human|developer)"
            r"( prompt| message)? ?[>\]*_]{0,6} ?:"
        ),
        r"</?(system|assistant|user|instructions?|system-reminder|tool_result|task-notification)\b",
        r"\b(new|updated|revised|real|actual) (instructions?|system prompt|task|goal) (is|are|follow)",
        r"\b(act|behave|respond|answer) as (an?|the|if you)\b",
    )
)
"""One of these is enough."""

_FAINT_SIGNS: Final = tuple(
    re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    for pattern in (
        r"\byou (must|should|shall|will|have to|need to|are to|are required to)\b",
        r"\byour (task|job|goal|role|mission|objective|instructions?) (is|are|will be)\b",
        r"\b(do not|don't|never) (mention|reveal|tell|ask|stop|say|use|answer|output|include|write)\b",
        (
            r"^[ \t]{0,8}(?:[-*]|\d{1,3}[.)])?[ \t]{0,4}(please )?(first|then|next|finally|always|now)?,? ?"
            r"(run|execute|call|fetch|download|open|send|post|delete|remove|approve|return|reply|respond|output"
            r"|review|write|read|make sure|ensure|use|set|print|continue|proceed)\b[^?\n]*$"
        ),
        r"\b(next|other|following|downstream) (agent|executor|step|reviewer|model)s?\b",
        r"\bstep[ -]by[ -]step\b|^[ \t]{0,8}#{0,6} ?(instructions?|steps|rules|guidelines) ?:?[ \t]{0,4}$",
    )
)
"""Two different ones are needed: each alone also stands in honest prose."""


def takes_over(text: str) -> bool:
    """Whether `text` plainly wants to be obeyed in place of somebody else."""
    return any(sign.search(text) for sign in _PLAIN_SIGNS)


def is_instruction_shaped(text: str) -> bool:
    """Whether `text` addresses a reader who is to do something: orders, a part to play, marks of a
    conversation. Only its first 20,000 characters are looked at."""
    text = text[:_LOOKED_AT]
    return takes_over(text) or sum(sign.search(text) is not None for sign in _FAINT_SIGNS) >= 2


def is_suspect(*, tools_used: int, seconds: float, text: str, schema_failed: bool) -> bool:
    """Whether a result is not passed on: all four signs together.

    `tools_used` counts the calls of tools in the attempt, `seconds` is what it took, `schema_failed` whether
    its result was asked to meet a schema and does not.
    """
    return schema_failed and not tools_used and seconds < QUICK_S and is_instruction_shaped(text)
