"""What an assessment found, as JSON of a bounded size, and as the words that an Executor is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from ...schemas.canonical import canonical
from ...schemas.quality import AxisState

MOST_OF_AN_AXIS: Final = 20
"""So many findings of one axis are kept; how many there were, its value or its text says."""

MOST_BYTES: Final = 24 << 10
"""All findings together are cut, the longest lists first, until they take no more than this as JSON."""

MOST_FILES: Final = 100
"""So many files are named with a value of their own, those with the lowest first."""

_TEXT: Final = 300
_TOLD_OF_AN_AXIS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisResult:
    """What one axis came to. `value` is the number that its limits are held against, None where nothing was
    measured; `why` one sentence for people, never empty unless the state is `auto`. `files` are values by
    file, where the axis has some."""

    axis: str
    state: AxisState
    value: float | None = None
    why: str = ""
    tool: str = ""
    findings: Sequence[Mapping[str, Any]] = ()
    files: Mapping[str, float] | None = None

    def to_json(self) -> dict[str, Any]:
        """The result as a JSON object; what is absent is left out."""
        found: dict[str, Any] = {"axis": self.axis, "state": self.state}
        if self.value is not None:
            found["value"] = self.value
        for name in ("why", "tool"):
            if getattr(self, name):
                found[name] = getattr(self, name)
        if self.findings:
            found["findings"] = [dict(one) for one in self.findings[:MOST_OF_AN_AXIS]]
        if self.files:
            found["files"] = dict(islice(self.files.items(), MOST_FILES))
        return found


def finding(file: str, line: int | None, rule: str, message: str, **more: Any) -> dict[str, Any]:
    """One finding of an axis."""
    found: dict[str, Any] = {"file": file}
    if line is not None:
        found["line"] = line
    return {**found, "rule": rule, "message": short(message), **more}


def short(text: str) -> str:
    """`text` on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _TEXT else f"{line[: _TEXT - 1]}…"


def bounded(findings: dict[str, Any]) -> dict[str, Any]:
    """`findings` that take no more than `MOST_BYTES` as JSON: the longest lists of findings and tails of what
    was printed are cut first, then the lists of checks and assertions. No axis is left out."""
    while len(canonical(findings).encode("utf-8", "surrogatepass")) > MOST_BYTES:
        holder, key = max(_cuttable(findings), key=lambda one: len(canonical(one[0][one[1]])))
        value = holder[key]
        # Of what was printed the end says most.
        holder[key] = value[-(len(value) // 2) or len(value) :] if key == "tail" else value[: len(value) // 2]
    return findings


def _cuttable(findings: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """Where the lists and texts are that are cut next."""
    found = [(axis, "findings") for axis in findings.get("axes", ())]
    found += [(check, "tail") for check in findings.get("checks", ())]
    found = [(holder, key) for holder, key in found if len(holder.get(key, "")) > 1]
    return found or [(findings, key) for key in ("checks", "assertions") if len(findings.get(key, ())) > 1]


def told(findings: Mapping[str, Any], *, axes: bool) -> str:
    """What was found, as terse text: what failed first. With `axes` the findings of the axes as well."""
    lines: list[str] = []
    for check in findings.get("checks", ()):
        if check["state"] == "failed":
            lines.append(f"check failed: {check['check']} ({check['why']})")
            lines += [f"  {line}" for line in str(check.get("tail", "")).splitlines()[-_TOLD_OF_AN_AXIS:]]
    lines += [
        f"does not hold: {one['message']}"
        for one in findings.get("assertions", ())
        if one["state"] == "failed"
    ]
    for axis in findings.get("axes", ()) if axes else ():
        if axis["state"] in ("notify", "block"):
            lines.append(f"{axis['axis']}: {axis['state']}: {axis.get('why', '')}")
            lines += [f"  {_line(one)}" for one in axis.get("findings", ())[:_TOLD_OF_AN_AXIS]]
    return "\n".join(lines)


def _line(one: Mapping[str, Any]) -> str:
    place = one["file"] + (f":{one['line']}" if "line" in one else "")
    return f"{place} {one['rule']}: {one['message']}"
