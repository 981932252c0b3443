"""What patterns leave for people: Markdown, in prose."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..schemas.canonical import canonical
from ..schemas.declined import Declined

Entry = dict[str, Any]
_LONGEST = 200
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters, which a terminal would obey."""
_SAYS = ("text", "message", "reason")
"""The fields of an object that say in words what it is about; the first that is there counts."""
_ONE_FAMILY = (
    "All voters are of one family, so they tend to err together: "
    "the votes say less than their number seems to."
)


def write(path: str, text: str) -> None:
    """Put `text` at `path` as a whole or not at all; folders are made, private to the user.

    Raises `Declined` where there can be no such file.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".report-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise Declined(f"its report cannot be written into `{target.parent}`: {why}") from None


def vote_text(value: Any) -> str:
    """A vote as people read it: text as it is, the rest as JSON."""
    return value if isinstance(value, str) else canonical(value)


def shortened_vote(value: Any) -> str:
    """A vote in one line of moderate length."""
    return shortened(vote_text(value))


def shortened(value: Any) -> str:
    """A finding or a reason in one line; of an object what it says, where it has a field for that."""
    text = _said(value)
    line = _UNSEEN.sub("\ufffd", " ".join(text.split()))
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        value = next((value[key] for key in _SAYS if isinstance(value.get(key), str) and value[key]), value)
    elif isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        return "; ".join(_said(one) for one in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def vote_report(node: str, result: Entry) -> str:
    """Majority and minority with their reasons."""
    lines = [f"# Vote: {_code(node)}", ""]
    decision = result["decision"]
    if decision is None:
        lines += [f"There is no decision: {result['why']}.", ""]
    else:
        how = {"votes": "", "first": ", by the first voter, since there was a tie"}
        by = how.get(result["decided_by"], f", by {_code(result['decided_by'])}, since there was a tie")
        lines += [f"The decision is **{_quoted(shortened_vote(decision))}**{by} ({result['why']}).", ""]
    if result["stopped_early"]:
        lines += [_stopped(decision is not None, result["saved_calls"]), ""]
    if "tie_break" in result:
        lines += _positions("Whoever broke the tie", [result["tie_break"]])
    lines += _positions("For it", result["majority"]) if decision is not None else []
    lines += _positions("Against it" if decision is not None else "The votes", result["dissent"])
    if result["abstained"]:
        lines += ["## Without a vote", ""]
        lines += [
            f"- {_code(one['who'])}: {_quoted(shortened(one['reason']))}" for one in result["abstained"]
        ] + [""]
    agreement = result["agreement"]
    if agreement["share"] is not None:
        share, entropy = agreement["share"], agreement["entropy"]
        lines += [
            f"{share:.0%} of the votes are for the leading value; the normalised entropy is {entropy:.2f}."
        ]
        if agreement["one_family"]:
            lines += [_ONE_FAMILY]
        lines += [""]
    return _joined(lines)


def _stopped(decided: bool, saved: int) -> str:
    known = "it was decided" if decided else "no decision could be reached any more"
    calls = f", which saved {saved} call{'' if saved == 1 else 's'}" if saved else ""
    return f"It was stopped as soon as {known}{calls}."


def collected_report(node: str, pattern: str, found: Sequence[Entry]) -> str:
    """Every result by itself."""
    ok = sum(one["status"] == "ok" for one in found)
    lines = [f"# {pattern.capitalize()}: {_code(node)}", "", f"{ok} of {len(found)} ended ok.", ""]
    for one in found:
        lines += _result(one)
    return _joined(lines)


def chosen_report(node: str, pattern: str, found: Sequence[Entry], taken: Entry | None, why: str) -> str:
    """Which result was taken, and what the others were."""
    lines = [f"# {pattern.capitalize()}: {_code(node)}", ""]
    lines += [f"Taken: {_code(taken['who'])} ({why})." if taken is not None else "None could be taken.", ""]
    for one in found:
        lines += _result(one)
    return _joined(lines)


def passed_report(node: str, pattern: str, tried: Sequence[Entry]) -> str:
    """What was tried, and what the check said."""
    lines = [f"# {pattern.capitalize()}: {_code(node)}", ""]
    passed = next((one for one in tried if one["passed"]), None)
    lines += [f"{_code(passed['who'])} passed its check." if passed is not None else "No check passed.", ""]
    for one in tried:
        verdict = "passed" if one["passed"] else "did not pass"
        lines += [f"## {_code(one['who'])} {verdict}", ""]
        if one["status"] != "ok":
            lines += [f"It ended `{one['status']}`: {_quoted(shortened(one['reason']))}", ""]
        if one["findings"] not in (None, "", [], {}):
            lines += ["The check found:", "", *_block(one["findings"]), ""]
    return _joined(lines)


def judged_report(node: str, result: Entry) -> str:
    """Which candidate is preferred, and why."""
    lines = [f"# Judgement: {_code(node)}", ""]
    if result["tie"]:
        lines += [
            "It is a tie: which candidate is preferred depends on the order in which they are seen.",
            "",
        ]
    else:
        lines += [f"{_code(result['preferred'])} is preferred.", ""]
    for one in result["opinions"]:
        chosen = _code(one["preferred"]) if one["preferred"] else "none of them"
        lines += [f"- for {chosen}: {_quoted(shortened(one['reason']) or 'no reason was given')}"]
    lines += [""]
    for one in result["candidates"]:
        lines += [f"## {_code(one['who'])}", "", *_block(one["output"]), ""]
    return _joined(lines)


def review_report(node: str, result: Entry) -> str:
    """The verdict, who dissents, and what every review found."""
    word = "Approved" if result["approved"] else "Not approved"
    rounds = f"{result['rounds']} round{'' if result['rounds'] == 1 else 's'}"
    lines = [f"# Peer review: {_code(node)}", "", f"{word} after {rounds}.", ""]
    for one in result["reviews"]:
        lines += [f"## Round {one['round']}: {_code(one['who'])} says {one['verdict']}", ""]
        if one["reason"]:
            lines += [_quoted(shortened(one["reason"])), ""]
        findings = one["findings"] if isinstance(one["findings"], list) else [one["findings"]]
        lines += [f"- {_quoted(shortened(finding))}" for finding in findings]
        lines += [""] if one["findings"] else []
    return _joined(lines)


def debate_report(node: str, result: Entry) -> str:
    """What the debate decided beside a plain vote at equal spend."""
    calls = result["calls"]
    said = (
        f"The debate ({calls['debate']} calls) decided {_decided(result['debate'])}; "
        f"a plain vote of {calls['plain']} decides {_decided(result['plain'])}."
    )
    return _joined([f"# Debate: {_code(node)}", "", said, ""])


def _decided(value: Any) -> str:
    return "nothing" if value is None else f"**{_quoted(shortened_vote(value))}**"


def _positions(title: str, positions: Sequence[Entry]) -> list[str]:
    if not positions:
        return []
    lines = [f"## {title}", ""]
    for one in positions:
        reason = one["reason"]
        said = _quoted(shortened(reason)) if reason not in (None, "", [], {}) else "no reason was given"
        lines += [f"- {_code(one['who'])} votes {_quoted(shortened_vote(one['vote']))}: {said}"]
    return [*lines, ""]


def _result(one: Entry) -> list[str]:
    lines = [f"## {_code(one['who'])}", ""]
    if one["status"] == "ok":
        return [*lines, *_block(one["output"]), ""]
    return [*lines, f"It ended `{one['status']}`: {_quoted(shortened(one.get('reason', '')))}", ""]


def _block(value: Any) -> list[str]:
    """Data as it is, in a fence that it cannot close."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    text = _UNSEEN.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence, text, fence]


def _quoted(text: str) -> str:
    """Data inside a sentence, in one line: nothing of it is markup, wherever it stands."""
    line = _UNSEEN.sub("\ufffd", " ".join(text.split()))
    quoted = "".join(f"\\{char}" if char in "\\`*_[]<>#|~&" else char for char in line)
    # What would make a rule, a heading or a list at the beginning of a line.
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", re.sub(r"^([-+=])", r"\\\1", quoted))


def _code(name: str) -> str:
    """A name as a code span: in one line, and in more backticks than it has in a row."""
    line = _UNSEEN.sub("\ufffd", " ".join(name.split()))
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    return f"{fence} {line} {fence}" if "`" in line else f"{fence}{line}{fence}"


def _joined(lines: Sequence[str]) -> str:
    return "\n".join(lines).rstrip("\n") + "\n"
