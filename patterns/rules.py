"""When the joins of patterns have seen enough, and which pieces come next. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from ..schemas.settling import Ended, Settlement, Standing
from ..schemas.states import NodeState
from .checks import passed
from .dirichlet import next_wave_by_posterior, settled_by_posterior
from .reviews import Round, judged_round, round_of
from .votes import as_rule, panel_of
from .voting import Panel, Verdict, next_wave, settled


def everything(standing: Standing) -> Settlement:
    """Wait for all; nothing is decided before."""
    return Settlement(release=standing.held)


def all_in_order(standing: Standing) -> Settlement:
    """Wait for all; nothing is made of them when one of those that the settings name failed."""
    if standing.open or standing.held:
        return Settlement(release=standing.held)
    known = _Known(standing)
    for name in standing.settings["pieces"]:
        state = known.state(name)
        if state in ("failed", "blocked", "cancelled"):
            return Settlement(blocked=f"blocked because `{known.node(name)}` {_ENDED[state]}")
    return Settlement()


_ENDED = {"failed": "failed", "blocked": "was blocked", "cancelled": "was cancelled"}


def first_ok(standing: Standing) -> Settlement:
    """One that ended ok is enough."""
    known = _Known(standing)
    for name in standing.settings["pieces"]:
        if known.state(name) == "ok":
            return Settlement(settled=True, reason=f"not needed: `{known.node(name)}` ended ok first")
    return Settlement(release=standing.held)


def vote(standing: Standing) -> Settlement:
    """Settled once the votes to come can change nothing; else the next wave of voters may start."""
    known, settings = _Known(standing), standing.settings
    voters = settings["voters"]
    ended = [known.ended[name] for name in voters if name in known.ended]
    panel = panel_of([(one.state, one.output) for one in ended], settings["field"], asked=len(voters))
    verdict = verdict_of(panel, settings, join=standing.join)
    if verdict is None:
        return Settlement(release=_next_voters(standing, known, panel))
    breaker = settings.get("breaker")
    why = verdict.why
    if verdict.winner is None and breaker is not None:
        short = settings["min_votes"] - len(panel.votes)
        if 0 < short <= panel.to_come:
            # Whether there is a tie to break depends on how many votes come in.
            return Settlement(release=_next_voters(standing, known, panel, least=short))
        if short <= 0 and breaker not in known.ended:
            # Enough voted, and there is no decision all the same: that is for whoever breaks ties.
            rest = [known.node(name) for name in voters if name not in known.ended]
            wanted = [known.node(breaker)] if known.is_held(breaker) else []
            return Settlement(release=wanted, stop=rest, reason=why)
        why += f", so `{breaker}` decided" if known.state(breaker) == "ok" else ""
    return Settlement(settled=True, reason=why)


def verdict_of(panel: Panel, settings: Mapping[str, Any], *, join: str) -> Verdict | None:
    """The verdict by the rule and the way of stopping that the settings name; None while it is open.

    `join` is the id of the node that decides: from it follows whether this vote is audited, which is to
    say taken in full.
    """
    rule, least = as_rule(settings), settings["min_votes"]
    full = settings["on_tie"] == "first"
    stop = settings["stop"]
    if panel.to_come and (stop == "off" or is_audited(join, settings["audit"])):
        return None
    if isinstance(stop, float | int):
        return settled_by_posterior(panel, rule, stop, min_votes=least, full_on_tie=full)
    return settled(panel, rule, min_votes=least, full_on_tie=full)


def is_audited(join: str, share: float) -> bool:
    """Whether the vote is one of the share that is taken in full: a digest of the node's id tells."""
    if share <= 0:
        return False
    drawn = int.from_bytes(hashlib.sha256(join.encode("utf-8", "surrogatepass")).digest()[:8])
    return bool(drawn / (1 << 64) < share)


def _next_voters(standing: Standing, known: _Known, panel: Panel, least: int = 0) -> tuple[str, ...]:
    """The next wave: as many as could settle the vote, and no fewer than `least` still to come."""
    settings = standing.settings
    held = [name for name in settings["voters"] if known.is_held(name)]
    if not held:
        return ()
    waiting = sum(1 for name in settings["voters"] if name not in known.ended and not known.is_held(name))
    if settings["stop"] == "off" or is_audited(standing.join, settings["audit"]):
        return tuple(known.node(name) for name in held)
    waves = settings["waves"]
    if waves:
        if waiting:
            return ()
        started = len(settings["voters"]) - len(held)
        wanted = next((wave for wave, upto in _cumulated(waves) if upto > started), len(held))
        return tuple(known.node(name) for name in held[:wanted])
    rule, valid, full = as_rule(settings), settings["min_votes"], settings["on_tie"] == "first"
    stop = settings["stop"]
    if isinstance(stop, float | int):
        wanted = max(next_wave_by_posterior(panel, rule, stop, valid, full), least)
    else:
        wanted = max(next_wave(panel, rule, valid, full), least)
    return tuple(known.node(name) for name in held[: max(wanted - waiting, 0)])


def _cumulated(waves: list[int]) -> list[tuple[int, int]]:
    total, found = 0, []
    for wave in waves:
        total += wave
        found.append((wave, total))
    return found


def until_passed(standing: Standing) -> Settlement:
    """Settled once a check has passed; while none has, the next pair of work and check may start."""
    known, settings = _Known(standing), standing.settings
    pairs = settings["pairs"]
    for name, look in pairs:
        found = known.ended.get(look)
        if found is not None and passed(found.state, found.output):
            who = settings["who"].get(name, name)
            return Settlement(settled=True, reason=f"not needed: the check of `{who}` passed")
    if standing.open:
        return Settlement()
    # After a retry the work may stand that it looked at.
    again = [known.node(look) for name, look in pairs if known.is_held(look) and not known.is_held(name)]
    if again:
        return Settlement(release=again)
    held = [(name, look) for name, look in pairs if known.is_held(name)]
    started = len(pairs) - len(held)
    wanted = next((wave for wave, upto in _cumulated(settings["waves"]) if upto > started), 1)
    return Settlement(release=[known.node(one) for pair in held[:wanted] for one in pair])


def judged(standing: Standing) -> Settlement:
    """The judge comes once there is something to compare."""
    known, settings = _Known(standing), standing.settings
    lineup = known.ended.get("lineup")
    if lineup is None:
        return Settlement()
    if lineup.state != "ok" or len(lineup.output["who"]) < 2:
        return Settlement(settled=True, reason="not needed: there is nothing to compare")
    return Settlement(release=[known.node(name) for name in settings["judges"] if known.is_held(name)])


def reviewed(standing: Standing) -> Settlement:
    """Settled once a round is approved, or rejected for good; a rejected draft is revised before that."""
    known, settings = _Known(standing), standing.settings
    for number, one in enumerate(settings["rounds"]):
        author, reviews = one["author"], one["reviews"]
        if author is not None:
            if known.is_held(author):
                return Settlement(release=[known.node(name) for name in (author, *reviews)])
            written = known.ended.get(author)
            if written is None:
                return Settlement()
            if written.state != "ok":
                if number == 0:
                    return Settlement(
                        blocked=f"there is nothing to review: `{known.node(author)}` {written.state}"
                    )
                return Settlement(settled=True, reason="not needed: there was no further draft")
        if any(name not in known.ended for name in reviews):
            return Settlement(release=[known.node(name) for name in reviews if known.is_held(name)])
        found: Round = round_of([(name, known.state(name), known.output(name)) for name in reviews])
        if len(found.valid) < settings["min_reviewers"]:
            came = f"{len(found.valid)} review{'' if len(found.valid) == 1 else 's'} came in"
            return Settlement(
                blocked=f"{came}, and {settings['min_reviewers']} had to", reason="the verdict is blocked"
            )
        if judged_round(found, settings["dissent"]):
            return Settlement(settled=True, reason=f"not needed: {found.score} in round {number + 1}")
    return Settlement(settled=True, reason="rejected")


class _Known:
    """A standing by the names that pieces have within their pattern."""

    def __init__(self, standing: Standing) -> None:
        self._prefix = standing.join[: standing.join.rfind(".") + 1]
        cut = len(self._prefix)
        self.ended: dict[str, Ended] = {one.node[cut:]: one for one in standing.ended}
        self._held = {name[cut:] for name in standing.held}

    def node(self, name: str) -> str:
        """The node's whole id."""
        return self._prefix + name

    def is_held(self, name: str) -> bool:
        return name in self._held

    def state(self, name: str) -> NodeState | None:
        found = self.ended.get(name)
        return found.state if found is not None else None

    def output(self, name: str) -> Any:
        found = self.ended.get(name)
        return found.output if found is not None else None
