"""`debate`: voters see what the others said and vote anew; logged against a plain vote at equal spend."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from ..schemas.bound import BoundTask
from ..schemas.errors.patterns import BadSetting
from ..schemas.template import Mapping, Template
from . import pieces
from .consensus import Voting, min_votes, vote_settings, voters
from .examples import Example
from .protocol import Calls, Expansion, check_all, problem
from .refine import MOST_ROUNDS, named
from .settings import Settings
from .votes import read_rule
from .words import DEBATE


class DebateSettings(Voting):
    """How long, and whether it is compared."""

    rounds: int = Field(default=2, description="How often everyone says something, the first time included.")
    control: bool = Field(
        default=True,
        description="Whether as many plain votes as the debate costs are taken beside it, to compare.",
    )


class Debate:
    """A vote after an exchange. The evidence favours a plain vote (arXiv 2508.17536, 2502.08788)."""

    name: ClassVar[str] = "debate"
    summary: ClassVar[str] = "voters see what the others said and vote anew; compared with a plain vote"
    settings: ClassVar[type[Settings]] = DebateSettings
    guard: ClassVar[str] = (
        "at least two vote, on a field of the typed output; the evidence favours a plain vote"
        " (arXiv 2508.17536, 2502.08788)"
    )
    example: ClassVar[Example] = Example(settings={"n": 3, "vote": "verdict", "control": False}, verdict=True)

    def expand(self, task: BoundTask, settings: Any) -> Expansion:
        """All voters in every round, the verdict, and beside them the votes to compare with."""
        found: DebateSettings = settings
        check_all(lambda: _check_rounds(found.rounds), lambda: voters(task, found, self.name))
        members = voters(task, found, self.name)
        n = len(members)
        check_all(lambda: read_rule(found.rule, n), lambda: min_votes(found, n))
        rule = read_rule(found.rule, n)
        least = min_votes(found, n)
        ids = [str(index) for index in range(1, n + 1)]
        made: list[BoundTask] = []
        for number in range(found.rounds):
            for index, (name, member) in enumerate(zip(ids, members, strict=True), 1):
                inputs: dict[str, Template] = {}
                needs = pieces.after([])
                if number:
                    before = [named(one, number - 1) for one in ids]
                    others = [one for one in before if one != named(name, number - 1)]
                    inputs = {
                        "own": pieces.output_of(named(name, number - 1)),
                        "others": Mapping(tuple((one, pieces.piece(one)) for one in others)),
                    }
                    # Its own first: whoever speaks again comes from whoever spoke there.
                    needs = pieces.after([named(name, number - 1), *others], "done")
                made.append(
                    pieces.work(
                        member.task,
                        named(name, number),
                        inputs=inputs,
                        needs=needs,
                        at=member.where,
                        words=DEBATE if number else "",
                        independent=True,
                        sample=number * n + index,
                    )
                )
        pieces.refuse_shared_files(made[:n], self.name, [member.where for member in members])
        last = [named(name, found.rounds - 1) for name in ids]
        told = vote_settings(found, members, last, rule, least)
        told["who"] = dict(zip(last, pieces.who(members, ids).values(), strict=True))
        told |= {"stop": "off", "audit": 0.0, "waves": None, "on_tie": "none", "rounds": found.rounds}
        verdict = pieces.join("verdict", "vote", needs=last, rule="everything", settings=told)
        if not found.control:
            total = n * found.rounds
            return Expansion(
                pieces=(*made, verdict), result="verdict", calls=Calls(expected=total, worst=total), size=n
            )
        controls = []
        for number in range(1, found.rounds):
            for index, (name, member) in enumerate(zip(ids, members, strict=True), 1):
                sample = (found.rounds + number - 1) * n + index
                controls.append(
                    pieces.work(
                        member.task,
                        f"control-{number}-{name}",
                        at=member.where,
                        independent=True,
                        sample=sample,
                        background=True,
                    )
                )
        plain = [*ids, *(one.id for one in controls)]
        compared = pieces.join(
            "compare",
            "debate_compared",
            needs=["verdict", *plain],
            rule="everything",
            settings={"pieces": ["verdict", *plain]},
            told={**told, "plain": plain},
            background=True,
        )
        total = n * found.rounds + len(controls)
        return Expansion(
            pieces=(*made, verdict, *controls, compared),
            result="verdict",
            calls=Calls(expected=total, worst=total),
            size=n,
        )


def _check_rounds(rounds: int) -> None:
    if not 2 <= rounds <= MOST_ROUNDS:
        raise problem(BadSetting, f"a debate has between 2 and {MOST_ROUNDS} rounds", at=("rounds",))
