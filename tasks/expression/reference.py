"""Writes the tables of what expressions may use into the reference (`docs/task-graph.md`).

`python -m metaensemble.tasks.expression.reference FILE [--check]`; the blocks are those of
`schemas.reference`.
"""

from __future__ import annotations

import sys
from json import dumps

from ...schemas.reference import main, markdown_table
from .catalogue import functions


def build_tables() -> dict[str, str]:
    """A block `expression: FORM` per form: references, operators, functions, filters, tests."""
    blocks: dict[str, str] = {}
    for form in dict.fromkeys(function.form for function in functions()):
        rows = []
        for known in functions():
            if known.form != form:
                continue
            result = dumps(known.result, ensure_ascii=False)
            example = f"`{known.example}` = `{result}`" if known.example else ""
            rows.append((f"`{known.signature}`", known.meaning, example))
        heads = (form, "what it gives", "example")
        width = 3 if any(example for _, _, example in rows) else 2
        blocks[f"expression: {form}"] = markdown_table(heads[:width], [row[:width] for row in rows])
    return blocks


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:], build_tables))
