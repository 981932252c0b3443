"""`peer_review`: an author, reviewers who are somebody else, a verdict, and bounded rounds of revision."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from pydantic import Field

from ..schemas.bound import BoundTask, Member
from ..schemas.errors.patterns import BadSetting, SelfReview, TooFewMembers
from ..schemas.suggest import did_you_mean
from ..schemas.template import Literal, Mapping, Sequence, Template
from . import pieces, words
from .examples import Example
from .families import called, doer
from .protocol import Calls, Expansion, check_all, problem
from .refine import check_rounds, named
from .settings import Settings, check_members
from .words import REVISION

REVIEW = {
    "type": "object",
    "required": ["verdict"],
    "properties": {
        "verdict": {"enum": ["approve", "reject"]},
        "findings": {"type": "array"},
        "reason": {"type": "string"},
    },
}
"""What a review is."""

BY_A_ROLE = {
    **REVIEW,
    "required": ["verdict", "findings", "reason"],
    "properties": {
        "verdict": {"enum": ["approve", "reject"]},
        "findings": {"type": "array", "items": {"type": "string"}},
        "reason": {"type": "string"},
    },
}
"""What the review of an agent is."""


class PeerReviewSettings(Settings):
    """Who reviews, and what follows from it."""

    author: Member | None = Field(default=None, description="Who writes, if not the task itself.")
    reviewers: list[Member] = Field(
        description="Who reviews: each of another Role, command or callable than the author."
    )
    min_reviewers: int = Field(default=1, description="With fewer reviews than this the verdict is blocked.")
    dissent: str = Field(
        default="surface_minority",
        description="`surface_minority`: most reviews decide, all is handed on; `block`: one no is a no.",
    )
    rounds: int = Field(default=1, description="How many revisions there may be.")
    on_reject: str = Field(default="revise", description="`revise`, or `fail`.")


class PeerReview:
    """Approved output, with every dissenting position and its reasons."""

    name: ClassVar[str] = "peer_review"
    summary: ClassVar[str] = (
        "others review the work; a no sends it back with their findings, a bounded number of times"
    )
    settings: ClassVar[type[Settings]] = PeerReviewSettings
    guard: ClassVar[str] = "nobody reviews their own work, and with too few reviews the verdict is blocked"
    example: ClassVar[Example] = Example(
        settings={"reviewers": [{"run": ["./read"]}, {"run": ["./lint"]}]}, task="change", run=("./change",)
    )

    def expand(self, task: BoundTask, settings: Any) -> Expansion:
        """The author and the reviewers of every round, and the verdict.

        Work with external effects cannot be reviewed after it is done: then what it is going to do is
        reviewed, and it is done once that is approved.
        """
        found: PeerReviewSettings = settings
        author = self._author(task, found)
        self._check(found, author)
        if author.effects == "external":
            return self._before_the_act(author, found)
        made: list[BoundTask] = []
        rounds: list[dict[str, Any]] = []
        revisions = found.rounds if found.on_reject == "revise" else 0
        for number in range(revisions + 1):
            name = named("author", number)
            inputs: dict[str, Template] = {}
            needs = pieces.after([])
            if rounds:
                before = rounds[-1]
                inputs = {
                    "draft": pieces.output_of(before["author"]),
                    "reviews": Mapping(tuple((one, pieces.piece(one)) for one in before["reviews"])),
                }
                needs = pieces.after([before["author"], *before["reviews"]], "done")
            held = number > 0
            made.append(
                pieces.work(
                    author,
                    name,
                    inputs=inputs,
                    needs=needs,
                    words=REVISION if rounds else "",
                    held=held,
                    sample=number + 1,
                )
            )
            looked = {"draft": pieces.output_of(name), "deliverable": pieces.piece(name, ".deliverable")}
            reviews = [named(f"review-{index}", number) for index in range(1, len(found.reviewers) + 1)]
            for index, (review, member) in enumerate(zip(reviews, found.reviewers, strict=True), 1):
                made.append(
                    pieces.typed(
                        member,
                        review,
                        schema_for(member),
                        words.REVIEW,
                        about=author,
                        inputs=looked,
                        needs=pieces.after([name]),
                        held=held,
                        sample=number * len(reviews) + index,
                    )
                )
            rounds.append({"author": name, "reviews": reviews})
        verdict = self._verdict(found, rounds)
        most = len(made)
        calls = Calls(expected=1 + len(found.reviewers), worst=most, model="the first draft is approved")
        return Expansion(pieces=(*made, verdict), result="verdict", calls=calls)

    def _author(self, task: BoundTask, found: PeerReviewSettings) -> BoundTask:
        if found.author is None:
            return found.work(task)
        check_members([found.author])
        return found.author.task

    def _check(self, found: PeerReviewSettings, author: BoundTask) -> None:
        if not found.reviewers:
            raise problem(TooFewMembers, "a peer review needs at least one reviewer", at=("reviewers",))
        check_all(
            lambda: check_members(found.reviewers),
            lambda: check_rounds(found.rounds),
            lambda: _check_count(found),
            lambda: _check_word(found.dissent, "dissent", "surface_minority", "block"),
            lambda: _check_word(found.on_reject, "on_reject", "revise", "fail"),
            *(partial(_check_reviewer, member, author) for member in found.reviewers),
        )

    def _verdict(self, found: PeerReviewSettings, rounds: list[dict[str, Any]]) -> BoundTask:
        names = [f"review-{index}" for index in range(1, len(found.reviewers) + 1)]
        told = {
            "rounds": rounds,
            "min_reviewers": found.min_reviewers,
            "dissent": found.dissent,
            "who": pieces.who(found.reviewers, names),
        }
        needs = [
            name for one in rounds for name in (*([one["author"]] if one["author"] else []), *one["reviews"])
        ]
        return pieces.join("verdict", "reviewed", needs=needs, rule="reviewed", settings=told)

    def _before_the_act(self, author: BoundTask, found: PeerReviewSettings) -> Expansion:
        proposal = {"proposal": proposal_of(author)}
        reviews = [f"review-{index}" for index in range(1, len(found.reviewers) + 1)]
        made = [
            pieces.typed(
                member,
                name,
                schema_for(member),
                words.REVIEW_BEFORE,
                about=author,
                inputs=proposal,
                effects=_effects(member),
                sample=index,
            )
            for index, (name, member) in enumerate(zip(reviews, found.reviewers, strict=True), 1)
        ]
        verdict = self._verdict(found, [{"author": None, "reviews": reviews}])
        act = pieces.work(author, "act", needs=pieces.after(["verdict"]))
        total = len(reviews) + 1
        return Expansion(pieces=(*made, verdict, act), result="act", calls=Calls(expected=total, worst=total))


def schema_for(member: Member) -> dict[str, Any]:
    """What the member's review must be."""
    return BY_A_ROLE if pieces.is_agent(member.task) else REVIEW


def _check_count(found: PeerReviewSettings) -> None:
    if not 1 <= found.min_reviewers <= len(found.reviewers):
        text = f"`min_reviewers` lies between 1 and {len(found.reviewers)}, the number of reviewers"
        raise problem(BadSetting, text, at=("min_reviewers",))


def _check_word(value: str, key: str, *known: str) -> None:
    if value not in known:
        raise problem(
            BadSetting, f"`{key}` is `{known[0]}` or `{known[1]}`", did_you_mean(value, known), (key,)
        )


def _check_reviewer(member: Member, author: BoundTask) -> None:
    is_author = author.pattern is None and doer(member.task) == doer(author)
    if member.task.pattern is None and (not member.has_work or is_author):
        raise problem(
            SelfReview,
            f"a reviewer of `{author.id}` {_how_akin(author)}",
            "nobody reviews their own work: give the reviewer another `run`, `python` or Role",
            member.where,
        )


def _how_akin(author: BoundTask) -> str:
    if pieces.is_agent(author):
        return f"has the Role of its author, `{called(author)}`"
    return "does the same work as its author"


def _effects(member: Member) -> Any:
    return member.task.effects if "effects" in member.given else "local"


def proposal_of(task: BoundTask) -> Template:
    """What the task is going to do, as data: its command or callable, and its inputs."""
    parts: list[tuple[str, Template]] = [("task", Literal(task.id))]
    if task.agent is not None and task.kind == "role":
        parts.append(("role", Literal(task.agent.role)))
        parts.append(("prompt", task.agent.prompt))
        parts.append(("files", Sequence(tuple(pointer.path for pointer in task.agent.files))))
    if task.command is not None and task.command.argv is not None:
        parts.append(("argv", Sequence(task.command.argv)))
    elif task.command is not None:
        parts.append(("shell", Literal(task.command.shell)))
        parts.append(("values", Mapping(task.command.bindings)))
    if task.python is not None:
        parts.append(("python", Literal(f"{task.python.module}:{task.python.function}")))
    if task.body is not None:
        parts.append(("graph", Literal(task.body.graph.source)))
    parts.append(("with", Mapping(task.inputs)))
    return Mapping(tuple(parts))
