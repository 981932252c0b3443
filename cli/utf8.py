"""File names are UTF-8, whatever the locale is."""

from __future__ import annotations

import os
import sys

_OPTION = "metaensemble.stdio"
"""Where the second start finds the encoding that the locale asks for: it is that of the terminal."""


def ensure_utf8() -> None:
    """Start this program anew, in Python's UTF-8 mode, where file names would be anything else.

    In a locale such as `en_US.ISO-8859-1` Python reads and writes names in that encoding, while a graph
    and the Ledger, which travel, hold them in UTF-8. Does not return where it starts anew; the process,
    its number and its files stay the same.
    """
    if sys.getfilesystemencoding() == "utf-8" or not sys.executable:
        return
    encoding = sys.stderr.encoding if sys.stderr is not None else "ascii"
    options = ["-X", "utf8", "-X", f"{_OPTION}={encoding}"]
    os.execv(sys.executable, [sys.executable, *options, *sys.orig_argv[1:]])  # noqa: S606  # itself


def stdio_encoding() -> str | None:
    """The encoding of the terminal, where it is not the one that Python has for it."""
    found = sys._xoptions.get(_OPTION)
    return found if isinstance(found, str) else None
