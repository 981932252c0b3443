"""Names and texts as they can be shown."""

from __future__ import annotations

import os
import shlex
import unicodedata


def plain(text: str) -> str:
    r"""`text` on one line, and without what a terminal would obey.

    A byte that is no UTF-8 (a lone surrogate, PEP 383) is shown as `\xff`; line breaks and control
    characters as spaces.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _shown(char) for char in text)


def shortened(text: str, most: int = 200) -> str:
    """`text` on one line, its blanks run together, and cut to `most` characters."""
    text = " ".join(plain(text).split())
    return text if len(text) <= most else f"{text[: most - 3]}..."


def visible(text: str, *, tab: str = "\t") -> str:
    """`text`, its lines kept, without what would move the cursor or change the terminal's colours."""
    if text.isprintable():
        return text
    return "".join(tab if character == "\t" else _safe(character) for character in text)


def _safe(character: str) -> str:
    if character.isprintable() or character == "\n" or unicodedata.category(character) == "Zs":
        return character
    return "" if unicodedata.category(character) == "Cf" else "\ufffd"


def shell_word(text: str) -> str:
    r"""`text` as it can be typed into a shell as one word.

    What cannot be shown is written in `$'…'`, `\xff` for a byte that is no UTF-8: bash, zsh and ksh know it,
    and POSIX since 2024.
    """
    if text.isprintable():
        return shlex.quote(text)
    return "$'" + "".join(_typed(char) for char in text) + "'"


def _typed(char: str) -> str:
    if char in "'\\":
        return f"\\{char}"
    if char.isprintable():
        return char
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(char))


def _shown(char: str) -> str:
    return f"\\x{ord(char) - 0xDC00:02x}" if "\udc80" <= char <= "\udcff" else " "
