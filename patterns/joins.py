"""The joins of patterns: callables that make one result of what the pieces came to.

Each gets `settings` (what its pattern knows), `briefs` (by piece: `status`, `output`, `reason`,
`attempts`), the id of its `node`, and the path of the `report` that it writes for people. One that comes
to no result raises `Declined`, and the task fails with that reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NoReturn

from ..schemas.canonical import canonical
from ..schemas.declined import Declined, Refused
from . import reports
from .agreement_of_one import agreement_of
from .checks import findings_of, passed
from .reviews import judged_round, round_of
from .rules import verdict_of
from .said import MOST_TOGETHER, bounded, size_of
from .votes import as_rule, panel_of, vote_in
from .voting import Verdict, break_tie_by_first, score, settled

Briefs = Mapping[str, Mapping[str, Any]]
Result = dict[str, Any]


def vote(settings: Mapping[str, Any], briefs: Briefs, node: str, report: str) -> Result:
    """The decision of a vote, with everybody's reasons. Raises `Declined` when there is none."""
    names = settings["voters"]
    over = [name for name in names if _is_over(briefs[name])]
    panel = panel_of(
        [(briefs[n]["status"], briefs[n].get("output")) for n in over], settings["field"], asked=len(names)
    )
    verdict = verdict_of(panel, settings, join=_verdict_node(node))
    if verdict is None:
        # Those that were not needed are not to come either.
        verdict = settled(panel, as_rule(settings), min_votes=settings["min_votes"], full_on_tie=False)
    if verdict is None and len(panel.leading()) == 1:
        # A vote that came in after a probable answer may speak against it; the leader still leads.
        verdict = Verdict(panel.leading()[0], (), f"decided {score(panel)}, probably")
    winner = verdict.winner if verdict is not None else None
    why = verdict.why if verdict is not None else "the vote was stopped before it was decided"
    decided_by, broken = "votes", None
    if winner is None and verdict is not None and settings["on_tie"] == "first" and verdict.tied:
        winner, decided_by = break_tie_by_first(panel, verdict.tied), "first"
    breaker = settings.get("breaker")
    if winner is None and breaker is not None and briefs[breaker]["status"] == "failed":
        why += f"; `{breaker}`, who was to break the tie, failed: {briefs[breaker].get('reason', '')}"
    if winner is None and breaker is not None and briefs[breaker]["status"] == "ok":
        winner, decided_by = vote_in(briefs[breaker]["output"], settings["field"]), breaker
        broken = {
            key: value for key, value in _cast(breaker, settings, briefs[breaker]).items() if key != "piece"
        }
    cast = [_cast(name, settings, briefs[name]) for name in over if briefs[name]["status"] == "ok"]
    cast = [one for one in cast if one["vote"] is not None]
    counts = _counted(cast)
    ordered = sorted(counts.values(), reverse=True)
    skipped = [name for name in names if not _is_over(briefs[name])]
    result: Result = {
        "decision": winner,
        "decided_by": decided_by,
        "why": why,
        "counts": counts,
        "asked": len(names),
        "margin": (ordered[0] if ordered else 0) - (ordered[1] if len(ordered) > 1 else 0),
        "stopped_early": bool(skipped),
        "saved_calls": sum(not briefs[name].get("attempts") for name in skipped),
        "majority": [one for one in cast if _same(one["vote"], winner)],
        "dissent": [one for one in cast if not _same(one["vote"], winner)],
        "abstained": [
            {"who": settings["who"][name], "reason": _why_no_vote(briefs[name])}
            for name in over
            if not any(one["piece"] == name for one in cast)
        ],
        "agreement": agreement_of(
            counts, [settings["families"][names.index(one["piece"])] for one in cast], settings
        ),
    }
    if broken is not None:
        result["tie_break"] = broken
    text = reports.vote_report(node, result)
    reports.write(report, text)
    if winner is None:
        _decline(text, Declined(f"no decision: {why}"))
    return result


def collect(settings: Mapping[str, Any], briefs: Briefs, node: str, report: str) -> list[Result]:
    """What everybody came to, in order. Raises `Declined` when nobody came to anything."""
    found = _all(settings, briefs)
    reports.write(report, reports.collected_report(node, settings["pattern"], found))
    _one_at_least(found)
    return _handed_on(found)


def first_ok(settings: Mapping[str, Any], briefs: Briefs, node: str, report: str) -> Any:
    """What the first that ended ok came to; of several, the first in the order of declaration."""
    found = _all(settings, briefs)
    taken = next((one for one in found if one["status"] == "ok"), None)
    reports.write(
        report, reports.chosen_report(node, settings["pattern"], found, taken, "the first that ended ok")
    )
    _one_at_least(found)
    return taken["output"] if taken is not None else None


def best(
    settings: Mapping[str, Any], briefs: Briefs, scores: Mapping[str, Any], node: str, report: str
) -> Any:
    """What the one with the greatest score came to; of equals, the first in the order of declaration."""
    found = _all(settings, briefs)
    taken, top = None, None
    for one in found:
        score = scores.get(one["piece"])
        one["score"] = score
        if one["status"] != "ok" or score is None:
            continue
        if isinstance(score, bool) or not isinstance(score, int | float):
            raise Declined(f"`best` gives {score!r} for `{one['who']}`, and a number is needed to compare")
        if top is None or score > top:
            taken, top = one, score
    why = f"the greatest `{settings['expression']}`"
    reports.write(report, reports.chosen_report(node, settings["pattern"], found, taken, why))
    _one_at_least(found)
    if taken is None:
        raise Declined("`best` gives no number for any of them")
    return taken["output"]


def first_passed(settings: Mapping[str, Any], briefs: Briefs, node: str, report: str) -> Any:
    """The output of the first work whose check passed. Raises `Declined` when none did."""
    tried = []
    taken = None
    for name, look in settings["pairs"]:
        if not _is_over(briefs[name]):
            continue
        ok = passed(briefs[look]["status"], briefs[look].get("output"))
        one = {
            "who": settings["who"].get(name, name),
            "status": briefs[name]["status"],
            "reason": briefs[name].get("reason", ""),
            "passed": ok,
            "findings": findings_of(briefs[look]),
            "output": briefs[name].get("output"),
        }
        tried.append(one)
        if ok and taken is None:
            taken = one
    text = reports.passed_report(node, settings["pattern"], tried)
    reports.write(report, text)
    if taken is None:
        last = tried[-1] if tried else None
        said = f": {reports.shortened(last['findings'])}" if last is not None and last["findings"] else ""
        tries = f"{len(tried)} {'try' if len(tried) == 1 else 'tries'}"
        _decline(text, Declined(f"no check passed in {tries}{said}"))
    return taken["output"]


def line_up(settings: Mapping[str, Any], briefs: Briefs, node: str) -> Result:  # noqa: ARG001 - every join gets it
    """The candidates under labels instead of names, in the order of declaration and in the reverse."""
    there = [name for name in settings["pieces"] if briefs[name]["status"] == "ok"]

    def lined(names: list[str]) -> list[Result]:
        return [{"label": chr(65 + at), "output": briefs[name]["output"]} for at, name in enumerate(names)]

    return {"who": there, "forward": lined(there), "backward": lined(there[::-1])}


def judged(settings: Mapping[str, Any], briefs: Briefs, node: str, report: str) -> Result:
    """The candidate that is preferred in every order; a tie when the order decides."""
    lineup = briefs["lineup"].get("output") or {"who": []}
    there: list[str] = lineup["who"]
    if not there:
        raise Declined("there is no candidate: none of them ended ok")
    opinions = []
    for name, order in zip(settings["judges"], (there, there[::-1]), strict=False):
        brief = briefs[name]
        if brief["status"] == "ok":
            label = brief["output"].get("preferred")
            at = ord(label) - 65 if isinstance(label, str) and len(label) == 1 else -1
            chosen = order[at] if 0 <= at < len(order) else None
            opinions.append({"preferred": chosen, "reason": brief["output"].get("reason", "")})
    if len(there) == 1:
        preferred: str | None = there[0]
    elif len(opinions) < len(settings["judges"]):
        raise Declined(
            "the judge gave no answer: " + (_reason_of(settings["judges"], briefs) or "it was skipped")
        )
    else:
        choices = {one["preferred"] for one in opinions}
        preferred = choices.pop() if len(choices) == 1 else None
    who = settings["who"]
    result: Result = {
        "preferred": who[preferred] if preferred is not None else None,
        "tie": preferred is None,
        "output": briefs[preferred]["output"] if preferred is not None else None,
        "opinions": [
            {"preferred": who[one["preferred"]] if one["preferred"] else None, "reason": one["reason"]}
            for one in opinions
        ],
        "candidates": [{"who": who[name], "output": briefs[name]["output"]} for name in there],
    }
    reports.write(report, reports.judged_report(node, result))
    return result


def reviewed(settings: Mapping[str, Any], briefs: Briefs, node: str, report: str) -> Result:
    """The approved output with every dissenting position. Raises `Refused` when it was not approved."""
    rounds: list[Result] = []
    approved = None
    for number, one in enumerate(settings["rounds"], 1):
        author = one["author"]
        if author is not None and briefs[author]["status"] != "ok":
            break
        reviews = one["reviews"]
        found = round_of([(name, briefs[name]["status"], briefs[name].get("output")) for name in reviews])
        if not found.valid:
            break
        ok = judged_round(found, settings["dissent"])
        told = [
            {
                "who": settings["who"][name.partition("#")[0]],
                "verdict": briefs[name]["output"]["verdict"],
                "reason": bounded(briefs[name]["output"].get("reason", "")),
                "findings": bounded(briefs[name]["output"].get("findings", [])),
            }
            for name in reviews
            if name in found.valid
        ]
        rounds.append({"round": number, "approved": ok, "reviews": told})
        if ok:
            approved = author
            break
    last: Result = rounds[-1] if rounds else {"approved": False, "reviews": []}
    against = "reject" if last["approved"] else "approve"
    result: Result = {
        "approved": last["approved"],
        "rounds": len(rounds),
        "output": briefs[approved].get("output") if approved is not None else None,
        "approving": [one["who"] for one in last["reviews"] if one["verdict"] == "approve"],
        "dissent": [one for one in last["reviews"] if one["verdict"] == against],
        "reviews": [{**one, "round": entry["round"]} for entry in rounds for one in entry["reviews"]],
    }
    text = reports.review_report(node, result)
    reports.write(report, text)
    if not last["approved"]:
        said = [one for one in last["reviews"] if one["verdict"] == "reject"]
        names = ", ".join(f"`{one['who']}`" for one in said)
        found_first = (said[0]["reason"] or said[0]["findings"]) if said else None
        first = reports.shortened(found_first) if found_first else ""
        _decline(
            text, Refused(f"rejected by {names} in round {len(rounds)}" + (f": {first}" if first else ""))
        )
    return result


def compared(
    settings: Mapping[str, Any], briefs: Briefs, node: str, scores: Mapping[str, Any] | None = None
) -> Result:
    """How each shadow did beside the primary; one whose output the criterion has no value for has not passed.

    Raises `Declined` when it has none for the primary's.
    """

    def arm(name: str) -> Result:
        brief = briefs[name]
        found = passed(brief["status"], True)
        if settings["checks"]:
            look = briefs[f"check-{name}"]
            found = passed(look["status"], look.get("output"))
        elif scores is not None:
            found = bool(scores.get(name))
        return {
            "who": settings["who"][name],
            "piece": name,
            "work": settings["works"][name],
            "status": brief["status"],
            "passed": found,
        }

    if scores is not None and briefs["primary"]["status"] == "ok" and scores.get("primary") is None:
        # A criterion that cannot even read the primary would make everything look alike.
        raise Declined("`compare` has no value for the output of the primary, so nothing can be compared")
    primary = arm("primary")
    return {
        "margin": settings["margin"],
        "primary": primary,
        "shadows": [arm(name) for name in settings["shadows"]],
        "same_output": [
            briefs[name].get("output") == briefs["primary"].get("output")
            for name in settings["shadows"]
            if briefs[name]["status"] == briefs["primary"]["status"] == "ok"
        ],
        "node": node,
    }


def debate_compared(settings: Mapping[str, Any], briefs: Briefs, node: str, report: str) -> Result:
    """What the debate decided, and what as many plain votes decide."""
    plain = settings["plain"]
    panel = panel_of(
        [(briefs[n]["status"], briefs[n].get("output")) for n in plain], settings["field"], asked=len(plain)
    )
    least = min(settings["min_votes"], len(plain))
    rule = as_rule(settings)
    verdict = settled(panel, rule, min_votes=least, full_on_tie=False)
    debated = briefs["verdict"].get("output") or {}
    result: Result = {
        "debate": debated.get("decision"),
        "plain": verdict.winner if verdict is not None else None,
        "why": verdict.why if verdict is not None else "",
        "calls": {"debate": len(settings["voters"]) * settings["rounds"], "plain": len(plain)},
    }
    result["same"] = _same(result["debate"], result["plain"])
    reports.write(report, reports.debate_report(node, result))
    return result


def passed_on(value: Any) -> Any:
    """What was given: the outputs of a pattern that is written as a graph."""
    return value


def _why_no_vote(brief: Mapping[str, Any]) -> str:
    if brief["status"] == "ok":
        return "its output has no vote that could be counted"
    return str(brief.get("reason") or "it gave none")


def _decline(text: str, error: Declined) -> NoReturn:
    """Come to no result, and print the report: `me dag logs` then shows it."""
    print(text)
    raise error


def _handed_on(found: list[Result]) -> list[Result]:
    """The results, without the outputs that would make them too large together to be handed on."""
    room = MOST_TOGETHER
    for one in sorted(found, key=lambda one: size_of(one["output"])):
        room -= size_of(one["output"])
        if room < 0:
            one |= {"output": None, "reason": "its output is too large, or too deep, to be handed on"}
    return found


def _all(settings: Mapping[str, Any], briefs: Briefs) -> list[Result]:
    return [
        {
            "who": settings["who"].get(name, name),
            "piece": name,
            "status": briefs[name]["status"] if _is_over(briefs[name]) else "skipped",
            "output": briefs[name].get("output"),
            **({"reason": briefs[name]["reason"] or "not needed"} if briefs[name]["status"] != "ok" else {}),
        }
        for name in settings["pieces"]
    ]


def _is_over(brief: Mapping[str, Any]) -> bool:
    """Whether it came to an end of its own; what is not needed is skipped, or just being stopped."""
    return brief["status"] in ("ok", "failed", "blocked", "cancelled")


def _one_at_least(found: list[Result]) -> None:
    if not any(one["status"] == "ok" for one in found):
        first = next((one["reason"] for one in found if one.get("reason")), "")
        raise Declined(f"none of {len(found)} ended ok" + (f": {first}" if first else ""))


def _cast(name: str, settings: Mapping[str, Any], brief: Mapping[str, Any]) -> Result:
    output = brief.get("output")
    reason = output.get(settings["reason"]) if isinstance(output, Mapping) else None
    if reason is None and isinstance(output, Mapping):
        reason = next((output[key] for key in ("reasoning", "rationale", "findings") if output.get(key)), "")
    return {
        "who": settings["who"].get(name, name),
        "piece": name,
        "vote": vote_in(output, settings["field"]),
        "reason": bounded(reason),
    }


def _counted(cast: list[Result]) -> dict[str, int]:
    """Votes by the text of the value; values with one text, such as true and "true", by their JSON."""
    counts: dict[str, int] = {}
    texts: dict[str, str] = {}
    for one in cast:
        key = canonical(one["vote"])
        counts[key] = counts.get(key, 0) + 1
        texts[key] = reports.vote_text(one["vote"])
    alike = Counter(texts.values())
    found = {(text if alike[text] == 1 else key): counts[key] for key, text in texts.items()}
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _same(one: Any, two: Any) -> bool:
    return type(one) is type(two) and bool(one == two)


def _reason_of(names: list[str], briefs: Briefs) -> str:
    return next((str(briefs[name].get("reason", "")) for name in names if briefs[name]["status"] != "ok"), "")


def _verdict_node(node: str) -> str:
    return f"{node}.verdict"
