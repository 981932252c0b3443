"""How a text is written in YAML with quotes around it."""

from __future__ import annotations

import json


def in_quotes(text: str) -> str:
    """`text` as a quoted YAML scalar, with as little escaping as can be."""
    if '"' not in text and "\\" not in text:
        return f'"{text}"'
    if "'" not in text:
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False)
