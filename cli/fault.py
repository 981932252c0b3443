"""What a fault of ours leaves behind for the report of the bug."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback

from .. import __version__
from ..schemas.errors import InternalError
from .place import placed
from .speech import say


def report_fault(error: InternalError) -> None:
    """Write the story and the traceback to a file of the user's own and name it; else print them."""
    text = fault_text(error)
    try:
        handle, path = tempfile.mkstemp(prefix="metaensemble-fault-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError:
        say(text)
        say("this is a fault of ours, not of your input; please report it with the text above")
        return
    say(f"this is a fault of ours, not of your input; please report it with the text in {path}")
    say(placed("what was recorded stays recorded: `me dag resume` goes on from there"))


def fault_text(error: InternalError) -> str:
    """Everything that a report of the bug needs and that is not private: no environment, no input."""
    story = error.facts.get("story")
    lines = [
        f"metaensemble {__version__}, Python {platform.python_version()} on {platform.platform()}",
        f"command: {' '.join(sys.argv[:3])}",
        f"{error.code}: {error.message}",
    ]
    if isinstance(story, list) and story:
        lines += ["", "story:", *(f"  {line}" for line in story)]
    lines += ["", "".join(traceback.format_exception(error.__cause__ or error))]
    return "\n".join(lines)
