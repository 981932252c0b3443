"""`me ledger verify`."""

from __future__ import annotations

from typing import Annotated

import typer

from ..args import AsJson


def verify(
    noted: Annotated[
        str | None,
        typer.Option("--head", metavar="SEQ:HASH", help="A head noted earlier."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Check everything that is recorded: the hash chain, the tables, the mirror and the stored files.

    Finds any edit, removal or reordering. A tail that was cut off both stores is found only against
    a head that was noted elsewhere. Exit code 3 when something is not as it was written.
    """
    from dataclasses import asdict

    from ... import api
    from ..exit import LEDGER, OK
    from ..plain import plain
    from ..speech import give, give_json, say

    found = api.ledger_verify(noted=_head(noted))
    if as_json:
        give_json({"clean": found.is_clean, **asdict(found)})
        return OK if found.is_clean else LEDGER
    if found.is_clean:
        counts = f"{found.records} records, {found.blobs} stored files"
        give(f"clean: {counts}, head {found.head.seq}:{found.head.hash}\n")
        if found.mirror_lag:
            say(f"the mirror is {found.mirror_lag} records behind; the next writer brings them over")
        return OK
    for problem in found.problems:
        give(f"{problem.area}: {plain(problem.message)}\n")
    if found.more_problems:
        say(f"and {found.more_problems} more")
    found.raise_first()
    return LEDGER


def _head(noted: str | None) -> tuple[int, str] | None:
    from ...schemas.errors import BadFlagValue

    if noted is None:
        return None
    seq, _, digest = noted.partition(":")
    if not seq.isdecimal() or len(digest) != 64 or not set(digest.lower()) <= set("0123456789abcdef"):
        raise BadFlagValue(f"`--head {noted}` is no head", hint="give it as `me ledger head` shows it")
    return int(seq), digest.lower()
