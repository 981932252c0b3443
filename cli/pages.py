"""The pages behind the error codes: the docstrings of the error classes, taken apart."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import get_args

from ..schemas.errors import CODES, MetaEnsembleError, UnknownCode
from ..schemas.states import FailureReason
from ..schemas.suggest import did_you_mean

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

FAULTS: dict[int, str] = {
    1: "the run's outcome",
    2: "your input",
    3: "the Ledger",
    70: "ours",
}
"""Whose fault an error is, by its exit code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A fenced block of a page: `language` is yaml, sh or python."""

    language: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What `me explain` shows. `reason` is the failure reason that the code stands for, if any."""

    code: str
    title: str
    name: str
    exit_code: int
    body: str
    example: Sample | None
    instead: Sample | None
    reason: FailureReason | None = None


def page_of(error: type[MetaEnsembleError]) -> Page:
    """The page of one error class."""
    text = inspect.cleandoc(error.__doc__ or "")
    title, _, rest = text.partition("\n\n")
    body, _, samples = rest.partition("Example:\n")
    wrong, _, right = samples.partition("Use instead:\n")
    return Page(
        code=error.code,
        title=" ".join(title.split()).rstrip("."),
        name=error.__name__,
        exit_code=error.exit_code,
        body=body.strip(),
        example=_sample(wrong),
        instead=_sample(right),
        reason=reason_of(error),
    )


def _sample(text: str) -> Sample | None:
    found = _FENCE.search(text)
    return Sample(language=found[1], text=found[2]) if found else None


def reason_of(error: type[MetaEnsembleError]) -> FailureReason | None:
    """The failure reason that the class is the page of, or None."""
    reason: FailureReason | None = getattr(error, "failure_reason", None)
    return reason


def all_pages() -> list[Page]:
    """Every page, by code."""
    return [page_of(CODES[code]) for code in sorted(CODES)]


def find_page(name: str) -> Page:
    """The page of a code in any case, or of a failure reason; UnknownCode when there is none."""
    wanted = name.strip().upper()
    if wanted in CODES:
        return page_of(CODES[wanted])
    pages = all_pages()
    for page in pages:
        if page.reason is not None and page.reason == name.strip().lower().replace("-", "_"):
            return page
    if name in get_args(FailureReason):
        raise UnknownCode(
            f"the failure reason `{name}` has no page yet", hint="nothing in this version fails with it"
        )
    reasons = [page.reason for page in pages if page.reason is not None]
    hint = did_you_mean(name, [*CODES, *reasons]) or "`me explain` alone lists all codes and failure reasons"
    raise UnknownCode(f"no error has the code `{name}`", hint=hint)


def shown(page: Page) -> str:
    """The page as text for a terminal, readable without colour."""
    parts = [f"{page.code}  {page.title}", page.body]
    parts += [f"{head}\n\n{_indented(sample)}" for head, sample in _samples(page) if sample is not None]
    facts = f"exit code {page.exit_code} (fault: {FAULTS.get(page.exit_code, 'ours')})"
    if page.reason is not None:
        facts += f"; the page of the failure reason `{page.reason}`"
    return "\n\n".join(part for part in [*parts, facts] if part) + "\n"


def _samples(page: Page) -> list[tuple[str, Sample | None]]:
    return [("Example:", page.example), ("Use instead:", page.instead)]


def _indented(sample: Sample) -> str:
    return "\n".join(f"    {line}".rstrip() for line in sample.text.rstrip("\n").split("\n"))
