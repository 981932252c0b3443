"""`me prices show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..args import AsJson

if TYPE_CHECKING:
    from ..._api_prices import PricesPage
    from ...engine.prices.table import Rate

HEADS = {"input": "input", "output": "output", "cache_read": "cache read", "cache_write": "cache write"}


def show(
    models: Annotated[
        list[str] | None,
        typer.Argument(help="Models, by any of their names; without one, all are shown.", metavar="MODEL"),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Show what the use of models is reckoned to cost, in US dollars per million tokens.

    The table comes with the program, or is the one that `me prices refresh` wrote. Exit code: 1 when the
    price of a model is not known.
    """
    from ... import api
    from ..speech import give_json, say

    page = api.show_prices(models or ())
    if as_json:
        give_json(_as_json(page))
    else:
        _show(page)
    for name in page.unknown:
        say(f"what `{name}` costs is not known")
    return 1 if page.unknown else 0


def _show(page: PricesPage) -> None:
    from ..speech import give, say
    from ..table import table

    heads = ["provider", "model", *HEADS.values()]
    rows = [[one.provider, one.model, *(_rate(one.rates[kind]) for kind in HEADS)] for one in page.models]
    if rows:
        give(table(heads, rows, right=heads[2:], whole=["model"]))
    say(f"{page.table.source}, as of {page.table.dated}, {page.table.hash[:12]}: {page.file}")
    if any(cell.endswith("*") for row in rows for cell in row):
        say("* more in requests that read more than a certain number of tokens")


def _rate(rate: Rate | None) -> str:
    return "" if rate is None else f"{rate.base:f}{'*' if rate.steps else ''}"


def _as_json(page: PricesPage) -> dict[str, Any]:
    return {
        **page.table.stamp,
        "source": page.table.source,
        "file": page.file,
        "unit": "US dollars per million tokens",
        "models": [
            {
                "provider": one.provider,
                "model": one.model,
                **{kind: _told(rate) for kind, rate in one.rates.items()},
            }
            for one in page.models
        ],
        "unknown": list(page.unknown),
    }


def _told(rate: Rate | None) -> dict[str, Any] | None:
    if rate is None:
        return None
    return {"price": f"{rate.base:f}", "above": [[size, f"{then:f}"] for size, then in rate.steps]}
