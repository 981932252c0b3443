"""`me manifest new-id`."""

from __future__ import annotations


def new_id() -> int:
    """Print a new id for a Manifest."""
    from ... import api
    from ..speech import give

    give(f"{api.new_manifest_id()}\n")
    return 0
