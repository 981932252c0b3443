"""Text in a column of a table, also where UTF-8 cannot hold it.

SQLite keeps text in UTF-8, which has no lone surrogates. They stand for the bytes of file names that are
no UTF-8 (PEP 383), so a name with one is a rare thing, and it must come back as it was. In the journal
and the mirror it is a JSON escape like any other. A column of a projection holds plain text; what cannot
be that is a BLOB with the JSON spelling of the text, `"caf\\udce9"` for the bytes `caf\\xe9`. No ordinary
text is a BLOB, so neither can be taken for the other.
"""

from __future__ import annotations

import json
from typing import Any

from ...schemas.canonical import canonical, canonical_bytes


def to_column(value: Any) -> Any:
    """`value`, or its JSON spelling as bytes when it is a text that UTF-8 cannot hold."""
    if type(value) is not str or value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return canonical_bytes(value)
    return value


def from_column(value: Any) -> Any:
    """What `to_column` was given, for what a column of text holds."""
    return json.loads(value) if type(value) is bytes else value


def json_column(value: Any) -> str | None:
    """The text of a JSON column; None for None."""
    if value is None:
        return None
    text = canonical(value)
    if text.isascii():
        return text
    return canonical_bytes(value).decode()
