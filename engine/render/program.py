"""The `dot` program of graphviz, where it is installed."""

from __future__ import annotations

import shutil
from typing import Final

from ...schemas.errors import NoDrawingProgram

_HINT: Final = (
    "install graphviz (`apt install graphviz`, `brew install graphviz`), or write SVG, which needs no other "
    "program"
)


def is_installed() -> bool:
    """Whether `dot` is on the PATH."""
    return shutil.which("dot") is not None


def drawn(source: str, form: str) -> bytes:
    """The drawing that `dot` makes of DOT text, `form` being `pdf`, `png` or `svg`.

    NoDrawingProgram when `dot` is missing, cannot be started, or cannot do it.
    """
    import graphviz

    try:
        return bytes(graphviz.Source(source).pipe(format=form, quiet=True))
    except graphviz.ExecutableNotFound as error:
        message = f"{form} is drawn by the program `dot` of graphviz, which is not installed"
        raise NoDrawingProgram(message, hint=_HINT) from error
    except graphviz.CalledProcessError as error:
        said = error.stderr or b""
        lines = (said if isinstance(said, str) else said.decode(errors="replace")).splitlines()
        why = next((line.strip() for line in lines if line.strip()), "it gives no reason")
        raise NoDrawingProgram(f"`dot` cannot draw {form}: {why}", hint=_HINT) from error
    except OSError as error:
        raise NoDrawingProgram(f"`dot` cannot be started: {error.strerror}", hint=_HINT) from error
