"""Whether a graph file is still what a DAG run started from."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

SourceState = Literal["same", "changed", "gone"]


def source_state(source: str, digest: str | None) -> SourceState:
    """How the file `source` stands to the SHA-256 of what was read of it then.

    One that cannot be read is `changed`: nobody can say that it is the same.
    """
    try:
        with Path(source).open("rb") as file:
            return "same" if hashlib.file_digest(file, "sha256").hexdigest() == digest else "changed"
    except (FileNotFoundError, NotADirectoryError):
        return "gone"
    except OSError:
        return "changed"
