"""Names as they can be shown in the middle of a line."""

from __future__ import annotations


def plain(text: str) -> str:
    r"""`text` on one line, and without what a terminal would obey.

    A byte that is no UTF-8 (a lone surrogate, PEP 383) is shown as `\xff`; line breaks and control
    characters as spaces.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _shown(char) for char in text)


def _shown(char: str) -> str:
    return f"\\x{ord(char) - 0xDC00:02x}" if "\udc80" <= char <= "\udcff" else " "
