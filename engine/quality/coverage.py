"""Coverage: how many percent of the statements of each file its tests execute, as coverage.py counts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ...schemas.quality import AxisRule
from .findings import AxisResult, finding

TOOL: Final = "coverage"

_SPECIAL: Final = re.compile(r"[\[\]*?$,;#%\n]")


def settings(files: Sequence[str], data_file: str) -> str:
    """The text of a settings file by which only `files` are measured, the same in every project."""
    # Characters that mean something in a pattern, or in the settings, stand for any one character.
    patterns = "".join(f"    {_SPECIAL.sub('?', file)}\n" for file in files)
    return f"[run]\ndata_file = {data_file}\nrelative_files = false\ninclude =\n{patterns}"


def parse(out: bytes) -> dict[str, float]:
    """What coverage's JSON says: the percentage of each file, by the path as the tool names it."""
    files = json.loads(out)["files"]
    return {str(name): float(one["summary"]["percent_covered"]) for name, one in files.items()}


def judge(
    percents: Mapping[str, float], rule: AxisRule, *, baseline: Callable[[str], float | None], tool: str
) -> AxisResult:
    """The axis of the files with these percentages: the lowest one counts, and the deepest fall."""
    findings = []
    states = []
    whys = []
    lowest_first = sorted(percents.items(), key=lambda one: (one[1], one[0]))
    for file, percent in lowest_first:
        before = baseline(file)
        fall = 0.0 if before is None else before - percent
        if rule.block is not None and percent < rule.block:
            states.append("block")
            whys.append(f"{percent:.1f} % of `{file}` is covered, and {rule.block:g} % is the least")
        elif rule.notify is not None and fall >= rule.notify:
            states.append("notify")
            whys.append(f"the coverage of `{file}` fell by {fall:.1f} points, from {before:.1f} %")
        else:
            continue
        findings.append(finding(file, None, "coverage", whys[-1]))
    lowest = min(percents.values())
    state = "block" if "block" in states else "notify" if states else "auto"
    return AxisResult(
        axis="coverage",
        state=state,  # type: ignore[arg-type]  # one of the three
        value=round(lowest, 1),
        why=whys[0] if whys else f"at least {lowest:.1f} % of each file is covered",
        tool=tool,
        findings=findings,
        files={file: round(percent, 1) for file, percent in lowest_first},
    )
