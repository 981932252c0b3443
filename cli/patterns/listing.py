"""`me patterns list`."""

from __future__ import annotations

from ..args import AsJson


def list_(as_json: AsJson = False) -> int:
    """List the patterns that every graph of the project may name; a graph file may name more of its own."""
    from dataclasses import asdict

    from ... import api
    from ..speech import give, give_json
    from ..table import table

    found = api.list_patterns()
    if as_json:
        give_json([asdict(one) for one in found])
        return 0
    rows = [[one.name, one.summary, one.file or one.origin] for one in found]
    give(table(["pattern", "what it is", "from"], rows, whole=("pattern",)))
    return 0
