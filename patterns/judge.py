"""`judge`: candidates, and a judge who sees them without names, in both orders."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from ..schemas.bound import BoundTask, Member
from ..schemas.errors.patterns import BadSetting, MissingSetting, RelatedJudge, TooFewMembers
from . import pieces, words
from .examples import Example
from .families import called, family_of_member, is_akin
from .protocol import Calls, Expansion, check_all, problem
from .settings import Settings, check_members

JUDGEMENT = {
    "type": "object",
    "required": ["preferred"],
    "properties": {"preferred": {"type": ["string", "null"]}, "reason": {"type": "string"}},
}
"""What a judge answers: the label of the candidate that is best, null for none, and why."""

MOST = 26


class JudgeSettings(Settings):
    """The candidates, and the judge."""

    n: int | None = Field(default=None, description="How many copies of the task are candidates.")
    candidates: list[Member] | int | None = Field(
        default=None, description="The candidates, or how many copies."
    )
    judge: Member | str = Field(description="Who judges: of another family, or Role, than every candidate.")
    orders: str = Field(
        default="both", description="`both`, or `one`: the judge sees them once, as they stand."
    )


class Judge:
    """The preferred candidate, or a tie when the order decides."""

    name: ClassVar[str] = "judge"
    summary: ClassVar[str] = "a judge compares candidates without names, in both orders"
    settings: ClassVar[type[Settings]] = JudgeSettings
    guard: ClassVar[str] = "the judge is of another family, or Role, than every candidate"
    example: ClassVar[Example] = Example(
        settings={"n": 2, "judge": {"run": ["./compare"]}}, task="draft", run=("./draft",)
    )

    def expand(self, task: BoundTask, settings: Any) -> Expansion:
        """The candidates, their line-up, the judge once or twice, and the decision."""
        found: JudgeSettings = settings
        members = self._candidates(task, found)
        judge = found.judge
        if isinstance(judge, str):
            judge = pieces.by_role(task, judge, ("judge",))
        check_all(lambda: _check_orders(found.orders), lambda: self._check_judge(judge, members))
        ids = [str(index) for index in range(1, len(members) + 1)]
        made = [
            pieces.work(member.task, name, at=member.where, independent=True, sample=index)
            for index, (name, member) in enumerate(zip(ids, members, strict=True), 1)
        ]
        pieces.refuse_shared_files(made, self.name, [member.where for member in members])
        lineup = pieces.join(
            "lineup", "line_up", needs=ids, rule="everything", settings={"pieces": ids}, reports=False
        )
        judges = ["judge-1", "judge-2"][: 2 if found.orders == "both" else 1]
        made.append(lineup)
        for number, (name, order) in enumerate(zip(judges, ("forward", "backward"), strict=False), 1):
            inputs = {"candidates": pieces.piece("lineup", f".output.{order}")}
            needs = pieces.after(["lineup"])
            made.append(
                pieces.typed(
                    judge,
                    name,
                    JUDGEMENT,
                    words.JUDGEMENT,
                    about=task,
                    inputs=inputs,
                    needs=needs,
                    held=True,
                    sample=number,
                )
            )
        decision = pieces.join(
            "decision",
            "judged",
            needs=["lineup", *judges, *ids],
            rule="judged",
            settings={"judges": judges, "pieces": ids},
            told={"who": pieces.who(members, ids)},
        )
        calls = Calls(expected=len(ids) + len(judges), worst=len(ids) + len(judges))
        return Expansion(pieces=(*made, decision), result="decision", calls=calls, size=len(ids))

    def _candidates(self, task: BoundTask, found: JudgeSettings) -> list[Member]:
        at = ("n",) if found.n is not None else ("candidates",)
        if found.n is not None and found.candidates is not None:
            raise problem(BadSetting, "`n` and `candidates` exclude each other", at=("n",))
        if isinstance(found.candidates, list):
            check_members(found.candidates, frozenset({"name", "family"}))
            members, count = found.candidates, len(found.candidates)
        else:
            asked = found.n if found.n is not None else found.candidates
            if asked is None:
                raise problem(
                    MissingSetting, "`judge` needs `n` or `candidates`", "write `judge: {n: 2, judge: …}`"
                )
            count = asked
            members = [Member(task=found.work(task), where=at) for _ in range(min(count, MOST + 1))]
        if len(members) < 2:
            raise problem(TooFewMembers, f"a judge needs at least 2 candidates, and has {count}", at=at)
        if len(members) > MOST:
            raise problem(BadSetting, f"a judge can compare at most {MOST} candidates", at=at)
        pieces.refuse_repeated_effects(task, self.name, sum(not one.has_work for one in members))
        return members

    def _check_judge(self, judge: Member, members: list[Member]) -> None:
        check_members([judge], frozenset({"name", "family"}))
        if not judge.has_work:
            raise problem(RelatedJudge, "the judge does the same work as the candidates", at=judge.where)
        if any(is_akin(judge, one) for one in members):
            is_agent = judge.task.agent is not None
            raise problem(
                RelatedJudge,
                f"the judge and a candidate are the same Role: `{called(judge.task)}`"
                if is_agent
                else f"the judge and a candidate are of one family: `{family_of_member(judge)}`",
                "whoever judges prefers its own kind: let another Role judge, or say which models both are"
                if is_agent
                else "whoever judges prefers its own kind: let another program, model or Role judge",
                judge.where,
            )


def _check_orders(orders: str) -> None:
    if orders not in ("both", "one"):
        raise problem(BadSetting, "`orders` is `both` or `one`", at=("orders",))
