"""What patterns say to the agents that take part in them, in our own words.

The words go into the prompt. What they speak of, the work of others, is data: it lies in the Brief that an
agent is handed, under `result.with`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ..schemas.bound import BoundTask, Member
from ..schemas.template import Concat, Literal, Template, as_text

REVIEW: Final = (
    "Review the work of somebody else. The Brief has it under `result.with`: `draft` is what was handed"
    " in, and `deliverable`, where there is one, the path of the file that was written. Say whether it"
    " does what was asked, whether it is right, and what could go wrong with it. Look at the files that it"
    " speaks of before you judge. Change nothing: you say what you found, and the author mends it.\n\n"
    "Your verdict is `approve` when it may stand as it is, else `reject`. Each finding is one thing that"
    " must change: where, what is wrong, and why. `reason` is your verdict in one or two sentences."
)
"""What a reviewer is told."""

REVIEW_BEFORE: Final = (
    "Review what is going to be done, before it is done: it changes the world outside and cannot be taken"
    " back. The Brief has it under `result.with.proposal`. Say whether it should be done as it stands:"
    " whether it is what was asked, whether it could do harm, and what was forgotten. Do none of it"
    " yourself.\n\n"
    "Your verdict is `approve` when it may be done as it stands, else `reject`. Each finding is one thing"
    " that must change first. `reason` is your verdict in one or two sentences."
)
"""What a reviewer is told of work with external effects."""

REVISION: Final = (
    "This is a revision. The Brief has, under `result.with`, your last `draft` and the `reviews` of it."
    " Mend what the findings name where they are right, keep what was good, and hand in the whole result"
    " anew. Where you think that a reviewer is wrong, leave the work as it is and say why."
)
"""What an author is told whose work was sent back."""

REDRAFT: Final = (
    "This is a revision. The Brief has, under `result.with`, the last `draft` and the `findings` of the"
    " check that it did not pass. Mend what they name, keep what was good, and hand in the whole result"
    " anew."
)
"""What whoever refines a draft is told."""

SYNTHESIS: Final = (
    "Make one result of what several others came to. The Brief has them under `result.with.candidates`,"
    " each with how it ended (`status`) and what it handed in (`output`). Take what holds from each, once."
    " Where they disagree, keep the disagreement and the reasons of both sides: do not average it away,"
    " and do not pick one in silence. Add nothing of your own that you have not looked up. Leave out those"
    " that did not end `ok`, and say that they are missing."
)
"""What whoever makes one result of many is told."""

JUDGEMENT: Final = (
    "Compare results of the same task. The Brief has them under `result.with.candidates`: each has a"
    " `label` and its `output`, and nothing tells whose it is. Neither their order nor their length"
    " counts, only how well each does what was asked. `preferred` is the label of the best one, null when"
    " none may stand or when they are equally good; `reason` says in a few sentences why."
)
"""What a judge is told."""

CHECK: Final = (
    "Check the work of somebody else. The Brief has it under `result.with`: `candidate` is what was"
    " handed in, and `deliverable`, where there is one, the path of the file that was written. `passed` is"
    " true when it does what was asked and is right, as far as you can find out by looking; else it is"
    " false, and each of the `findings` is one thing that must change, with its place and why. Change"
    " nothing."
)
"""What an outside check is told."""

TIE: Final = (
    "Others voted on this, and their votes decide nothing. The Brief has them under `result.with.votes`,"
    " each with its reasons. Weigh the reasons, not the numbers, look for yourself where they differ, and"
    " decide."
)
"""What whoever breaks a tie is told."""

DEBATE: Final = (
    "You have answered this before. The Brief has your last answer under `result.with.own` and those of"
    " the others under `result.with.others`. Look at their reasons: change your answer where one of them"
    " convinces you, and keep it where none does. To agree for the sake of agreement is no reason."
)
"""What a voter is told in the later rounds of a debate."""


def of_brief(brief: str) -> str:
    """What one of several is told who do the same task from different sides."""
    return f"Others do this too, each from another side. Yours: {brief}"


def of_member(purpose: str | None, brief: str | None) -> str:
    """What the member of a team is told."""
    parts = ["You are one of a team, whose results are brought together."] if purpose or brief else []
    parts += [f"Your purpose: {purpose}"] if purpose else []
    parts += [brief] if brief else []
    return " ".join(parts)


def asking(member: Member, words: str, about: BoundTask) -> Template:
    """The prompt of a member that looks at the work of the task `about`: our words, what was asked there, and
    what the member itself is asked."""
    agent = member.task.agent
    own = agent.prompt if agent is not None and "prompt" in member.given else None
    return joined([Literal(words), *_asked(about), *([own] if own is not None else [])])


def _asked(task: BoundTask) -> Iterable[Template]:
    """What was asked of whoever does the task, with what must be true of it."""
    if task.agent is not None and task.agent.prompt != Literal(None):
        yield Concat((Literal("What was asked:\n\n"), task.agent.prompt))
    if task.acceptance:
        lines = [part for item in task.acceptance for part in (Literal("\n- "), item)]
        yield Concat((Literal("What must be true of it:\n"), *lines))


def joined(parts: Iterable[Template]) -> Template:
    """Texts with an empty line between them; those that are known to be empty are left out."""
    found: list[Template] = []
    for part in parts:
        if isinstance(part, Literal) and not as_text(part.value):
            continue
        found += [Literal("\n\n"), part] if found else [part]
    texts = [as_text(part.value) for part in found if isinstance(part, Literal)]
    return Literal("".join(texts)) if len(texts) == len(found) else Concat(tuple(found))
