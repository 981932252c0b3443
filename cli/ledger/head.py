"""`me ledger head`."""

from __future__ import annotations

from ..args import AsJson


def head(as_json: AsJson = False) -> int:
    """Show the end of the hash chain: the number and the hash of the last record.

    Noted elsewhere, it lets `me ledger verify --head` find out later whether a tail was cut off.
    """
    from dataclasses import asdict

    from ... import api
    from ..speech import give, give_json

    found = api.ledger_head()
    if as_json:
        give_json(asdict(found))
    else:
        give(f"{found.seq}:{found.hash}\n")
    return 0
