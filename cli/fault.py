"""What a fault of ours leaves behind for the report of the bug."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Mapping
from contextlib import suppress

from .. import __version__
from ..schemas.errors import InternalError
from .place import placed
from .speech import say

_LONGEST = 4096
"""Of a longer value only the text as it stands is looked for: its other forms take seconds to prepare."""

_DIRECTORIES = frozenset({"PWD", "OLDPWD"})
"""What the shell sets by itself, and the names of our own files begin with."""


def report_fault(error: InternalError) -> None:
    """Write the story and the traceback to a file of the user's own and name it; else print them."""
    text = fault_text(error)
    try:
        path = _written(text)
    except OSError:
        say(text)
        say("this is a fault of ours, not of your input; please report it with the text above")
        return
    say(f"this is a fault of ours, not of your input; please report it with the text in {path}")
    say(placed("what was recorded stays recorded: `me dag resume` goes on from there"))


def fault_text(error: InternalError) -> str:
    """Everything that a report of the bug needs and that is not private.

    No environment and no arguments; and since a secret is the value of a variable, whatever the messages
    in it quote of any variable's value is masked.
    """
    story = error.facts.get("story")
    lines = [
        f"metaensemble {__version__}, Python {platform.python_version()} on {platform.platform()}",
        f"command: {_command()}",
        f"{error.code}: {error.message}",
    ]
    if isinstance(story, list) and story:
        lines += ["", "story:", *(f"  {line}" for line in story)]
    lines += ["", "".join(traceback.format_exception(error.__cause__ or error))]
    return without_secrets("\n".join(lines))


def without_secrets(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """`text` with the values of all variables masked, in each form that `engine.masking` knows.

    Which of them are secrets is not known here; shorter ones than a secret may be are left alone.
    """
    from ..engine.masking import MINIMUM_LENGTH, Masker

    values = {
        name: value
        for name, value in environ.items()
        if len(value) >= MINIMUM_LENGTH and name not in _DIRECTORIES
    }
    for name, value in values.items():
        if len(value) > _LONGEST:
            text = text.replace(value, f"***{name}***")
    return Masker({name: value for name, value in values.items() if len(value) <= _LONGEST}).mask_text(text)


def _written(text: str) -> str:
    """The path of a new file with `text`; nothing is left of one that cannot be filled."""
    handle, path = tempfile.mkstemp(prefix="metaensemble-fault-", suffix=".txt")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError:
        with suppress(OSError):
            os.unlink(path)  # noqa: PTH108  # `path` is text here
        raise
    return path


def _command() -> str:
    """The words that name the command; what stands behind them may be anybody's."""
    from .app import find

    words: list[str] = []
    with suppress(Exception):  # the fault may be in what is loaded here
        _, words, _ = find(sys.argv[1:])
    return " ".join(["me", *words])
