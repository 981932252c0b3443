"""`me dag functions`."""

from __future__ import annotations

from ..args import AsJson


def functions(as_json: AsJson = False) -> int:
    """List what an expression `${{ ... }}` may use: references, operators, functions, filters, tests."""
    from dataclasses import asdict
    from json import dumps

    from ...tasks import functions as known
    from ..speech import give, give_json
    from ..table import table

    found = known()
    if as_json:
        give_json([asdict(function) for function in found])
        return 0
    for form in dict.fromkeys(function.form for function in found):
        rows = [
            [
                f.signature,
                f.meaning,
                f"{f.example} = {dumps(f.result, ensure_ascii=False)}" if f.example else "",
            ]
            for f in found
            if f.form == form
        ]
        with_examples = any(row[2] for row in rows)
        heads = [form, "what it gives", *(["example"] if with_examples else [])]
        give(table(heads, rows if with_examples else [row[:2] for row in rows]))
        give("\n")
    return 0
