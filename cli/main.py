"""The program `me`, and its first look at the command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out one command line (without the program's name) and give its exit code.

    `me --version` is answered before anything else is imported: scripts ask it often.
    """
    try:
        if argv is None:
            from .utf8 import ensure_utf8

            ensure_utf8()
        args = list(sys.argv[1:] if argv is None else argv)
        if args in (["--version"], ["-V"]):
            from .. import __version__
            from .streams import steady_streams

            with steady_streams() as out:
                print(f"me {__version__}")
            if out is None or out.failure is None:
                return 0
        from .dispatch import dispatch

        return dispatch(args)
    except KeyboardInterrupt:
        # So early that nothing was begun, or a second one on the way out.
        return 130
