"""What others wrote, as data inside a text for a model: it decodes to what it was, and acts as nothing.

Real clients look for markup anywhere in a prompt: fences, `@file`, `$skill`, `/command`, `!shell`. Inside the
JSON that stands here the characters that begin such a thing are written as escapes.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from .quarantine import takes_over

_ACTIVE: Final = re.compile(r"[`@$!<>&{}#~]")
_IN_STRINGS: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_PLAIN: Final = re.compile(r"[a-zA-Z0-9\u00c0-\u04ff][\w.,:/+=()\[\]%-]{0,199}|-?\d[\d.]*")
_FOREIGN: Final = re.compile(r"[^\x00-\u04ff]")
_JOINTS: Final = re.compile(r"[-_./,:]+")


def as_data(value: Any) -> str:
    """The JSON text of `value` on one line, in which nothing acts as markup. `json.loads` gives it back."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _IN_STRINGS.sub(lambda found: escaped(found[0]), text)


def escaped(text: str) -> str:
    """A JSON string, quotes included, with the characters that could act as markup written as escapes."""
    text = _ACTIVE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    if text.startswith('"/'):
        text = f'"\\u002f{text[2:]}'
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _unicode(char) for char in text)


def is_plain(value: Any) -> bool:
    """Whether a value that an expression brings in may stand in a prompt as it is: a number, a truth value,
    or one short word of the characters that names of files are made of, which begins with a letter or a
    digit.

    A text with blanks could be an instruction, and so could one in a script that is written without blanks,
    the address of a page, or words that something else than blanks joins to an order.
    """
    if value is None or isinstance(value, bool | int | float):
        return True
    if not isinstance(value, str):
        return False
    if not value:
        return True
    if _PLAIN.fullmatch(value) is None or _FOREIGN.search(value) or "://" in value:
        return False
    return not takes_over(_JOINTS.sub(" ", value))


def tokens(text: str) -> int:
    """How many tokens a text is taken to be: a quarter of its bytes in UTF-8, rounded up.

    A rule of thumb for English and code, the same for every model; what a runtime counted is never
    replaced by it.
    """
    return -(-len(text.encode("utf-8", "surrogatepass")) // 4)


def _unicode(char: str) -> str:
    number = ord(char)
    if number < 0x10000:
        return f"\\u{number:04x}"
    number -= 0x10000
    return f"\\u{0xD800 + (number >> 10):04x}\\u{0xDC00 + (number & 0x3FF):04x}"
