"""Where the price table is: the user's own, or else the one that comes with the program."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ...schemas.errors import PriceTableBroken
from ..private_files import write_private
from ..project import MARK
from .table import PriceTable, read_table

SHIPPED: Final = Path(__file__).with_name("prices.json")

_FILE: Final = "prices.json"


def user_table(home: Path) -> Path:
    """The file of the user whose home this is."""
    return home / MARK / _FILE


def load_table(home: Path | None) -> tuple[PriceTable, Path]:
    """The table that holds for the user, and its file. Raises `PriceTableBroken`."""
    path = SHIPPED if home is None else user_table(home)
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        path = SHIPPED
        text = path.read_bytes()
    except OSError as error:
        raise _broken(path, (error.strerror or str(error)).lower()) from error
    try:
        return read_table(text), path
    except ValueError as error:
        raise _broken(path, str(error)) from error


def store_table(home: Path, text: str) -> Path:
    """Put a table in the place of the user's own, and give its file. Raises `OSError`."""
    path = user_table(home)
    write_private(path, text.encode())
    return path


def _broken(path: Path, why: str) -> PriceTableBroken:
    return PriceTableBroken(
        f"the price table `{path}` cannot be used: {why}",
        hint="`me prices refresh` writes it anew; where it is not there, the table of the program is used",
    )
