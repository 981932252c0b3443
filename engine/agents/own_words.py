"""Texts that the user wrote: they stand as they are, but for what no text has."""

from __future__ import annotations

import re
from typing import Final

_NO_TEXT: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def own_words(text: str) -> str:
    """`text` without white space around it, its lines ended by newlines alone; control characters other than
    tabs, and halves of surrogate pairs, become U+FFFD: no argument, file or terminal takes them well."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n")
    return _NO_TEXT.sub("\ufffd", text).strip()
