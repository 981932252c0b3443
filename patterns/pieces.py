"""How pieces are made: copies of the task's work, checks, and joins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from ..schemas.agent import AGENT, AgentSpec
from ..schemas.bound import (
    BoundTask,
    CallableSpec,
    DeliverableSpec,
    LaterKey,
    Member,
    Need,
    OutputContract,
    RetryPolicy,
    SettleSpec,
)
from ..schemas.differences import with_differences
from ..schemas.errors.patterns import (
    BadSetting,
    EffectsRepeated,
    InputTaken,
    NothingToDo,
    PatternTooLarge,
    SharedFile,
)
from ..schemas.template import Concat, Expr, Literal, Template
from .families import called
from .protocol import At, problem
from .words import CHECK, asking, joined

JOINS: Final = "metaensemble.patterns.joins"
"""The module that joins are found in."""

MOST_PIECES: Final = 100_000
"""The patterns of a graph make at most so many pieces."""

CHECKED: Final = {
    "type": "object",
    "required": ["passed", "findings"],
    "properties": {"passed": {"type": "boolean"}, "findings": {"type": "array", "items": {"type": "string"}}},
}
"""What a Role says that looks at the work of another one."""

Inputs = Mapping[str, Template]


def work(
    task: BoundTask,
    piece_id: str,
    *,
    inputs: Inputs | None = None,
    at: At = (),
    words: str = "",
    independent: bool = False,
    **changes: Any,
) -> BoundTask:
    """A piece that does the work of `task`, with further inputs. Raises `PatternProblem`.

    An agent is told `words` after its prompt, and with `independent` it has an identity of its own.
    """
    if task.pattern is None:
        refuse_nothing(task, at)
    further = dict(inputs or {})
    # What an outer pattern gave under the same name is about its own pieces: the nearer one counts.
    own = tuple((name, item) for name, item in task.inputs if name not in further or name not in task.offered)
    taken = next((name for name, _ in own if name in further), None)
    if taken is not None:
        message = f"the input `{taken}` of `{task.id}` is one that the pattern gives"
        raise problem(InputTaken, message, "choose another name under `with`", at)
    if task.body is not None:
        given = tuple((name, further.get(name, template)) for name, template in task.body.given)
        task, further = replace(task, body=replace(task.body, given=given)), {}
    return replace(
        task,
        id=piece_id,
        hosted=True,
        agent=_asked(task, words, independent=independent),
        inputs=(*own, *further.items()),
        offered=tuple(dict.fromkeys((*task.offered, *further))),
        **{"needs": (), **changes},
    )


def _asked(task: BoundTask, words: str, *, independent: bool) -> AgentSpec | None:
    agent = task.agent
    if agent is None or (not agent.role and task.pattern is None):
        return None
    prompt = joined([agent.prompt, Literal(words)]) if words else agent.prompt
    return replace(agent, prompt=prompt, independent=independent or agent.independent)


def is_agent(task: BoundTask) -> bool:
    """Whether a Role does the work of the task, and nothing in between."""
    return task.kind == "role" and task.pattern is None


def by_role(task: BoundTask, name: str, at: At, *, whole: bool = False) -> Member:
    """The member that a Role alone stands for, at `at` below the settings; with `whole`, in the document."""
    own = BoundTask(id=task.id, kind="role", runtime=AGENT, agent=AgentSpec(role=name, where=at), later=())
    made = with_differences(task, own, {"role"}, has_work=True)
    return Member(task=made, has_work=True, given=frozenset({"role"}), where=() if whole else at)


def looking(
    member: Member, piece_id: str, say: str, *, about: BoundTask, inputs: Inputs, **changes: Any
) -> BoundTask:
    """A piece of a member's that looks at what the task `about` came to; an agent is told so with `say`."""
    task = member.task
    if task.agent is not None and task.agent.role:
        task = replace(task, agent=replace(task.agent, prompt=asking(member, say, about)))
    return work(task, piece_id, inputs=inputs, at=member.where, independent=True, **changes)


def refuse_nothing(task: BoundTask, at: At = ()) -> None:
    """Refuse a task that has no work of its own."""
    if not does_something(task):
        raise problem(
            NothingToDo,
            f"the task `{task.id}` does nothing itself, and the pattern has nothing else to do",
            "give the task `role`, `run`, `python` or `graph`, or list `members` that do something",
            at,
        )


def does_something(task: BoundTask) -> bool:
    """Whether the task has work of its own."""
    return task.command is not None or task.python is not None or task.body is not None or task.kind == "role"


def check(member: Member, piece_id: str, *, about: BoundTask, inputs: Inputs, **changes: Any) -> BoundTask:
    """A piece that looks at what another one did: what it finds is its output, passed or not."""
    _refuse_pattern(member)
    return looking(
        member,
        piece_id,
        CHECK,
        about=about,
        inputs=inputs,
        output=OutputContract(form="check", schema=CHECKED if is_agent(member.task) else None),
        deliverables=(),
        **_own(member, ("writes", "checks", "acceptance")),
        **changes,
    )


def typed(
    member: Member,
    piece_id: str,
    schema: Any,
    say: str,
    *,
    about: BoundTask,
    inputs: Inputs,
    **changes: Any,
) -> BoundTask:
    """A piece of a member's whose output must meet `schema`; an agent is told what it is by `say`."""
    _refuse_pattern(member)
    return looking(
        member,
        piece_id,
        say,
        about=about,
        inputs=inputs,
        output=OutputContract(form="json", schema=schema),
        **_own(member, ("deliverables", "writes", "checks", "acceptance")),
        **changes,
    )


def _own(member: Member, keys: Iterable[str]) -> dict[str, Any]:
    """What the member says itself about `keys`; what the task says of them is about its own result."""
    return {key: getattr(member.task, key) if key in member.given else () for key in keys}


def _refuse_pattern(member: Member) -> None:
    """What a pattern hands on, its join decides, and that is no review, no judgement and no check."""
    if member.task.pattern is not None:
        raise problem(
            BadSetting,
            "whoever checks, reviews or judges is one node, and cannot have a pattern of its own",
            "let it run a graph in which the pattern stands: `graph: FILE`",
            (*member.where, "pattern"),
        )


def join(
    piece_id: str,
    function: str,
    *,
    needs: Iterable[str],
    rule: str,
    settings: Mapping[str, Any],
    told: Mapping[str, Any] | None = None,
    inputs: Inputs | None = None,
    reports: bool = True,
    **changes: Any,
) -> BoundTask:
    """The piece that makes one result of all. `settings` go to its rule, and with `told` to itself.

    With `reports` it leaves a Deliverable below `.metaensemble/reports/`, named after run and node.
    """
    named = ".md" if piece_id == "result" else f".{piece_id}.md"
    report = (
        Literal(".metaensemble/reports/"),
        Expr("run.id"),
        Literal("/"),
        Expr("node.file"),
        Literal(named),
    )
    given: dict[str, Template] = {"settings": Literal({**settings, **(told or {})}), **(inputs or {})}
    given["node"] = Expr("node.id")
    if reports:
        given["report"] = Concat((Expr("node.project"), Literal("/"), *report))
    return BoundTask(
        id=piece_id,
        kind="python",
        runtime="python",
        python=CallableSpec(module=JOINS, function=function, where="inline"),
        needs=after(needs, "done"),
        inputs=tuple(given.items()),
        settles=SettleSpec(rule=rule, settings=dict(settings)),
        output=OutputContract(form="json"),
        deliverables=(DeliverableSpec(path=Concat(report)),) if reports else (),
        retry=RetryPolicy(),
        made=True,
        **changes,
    )


def after(names: Iterable[str], mode: Any = "ok") -> tuple[Need, ...]:
    """Needs of other pieces."""
    return tuple(Need(task=name, mode=mode) for name in names)


def piece(name: str, field: str = "") -> Expr:
    """What another piece came to: the whole entry, or one field of it."""
    return Expr(f'pieces["{name}"]{field}')


def output_of(name: str) -> Expr:
    """The output of a piece that need not have ended ok; null then."""
    return Expr(f'pieces["{name}"].output if pieces["{name}"].status == "ok" else none')


def who(members: Sequence[Member], ids: Sequence[str]) -> dict[str, str]:
    """What people call each piece: the name of its member, else its Role or program, else its number."""
    plain = [
        str(member.keys.get("name") or (called(member.task) if member.has_work else "")) for member in members
    ]
    return {
        name: text if text and plain.count(text) == 1 else f"{text}-{name}" if text else name
        for name, text in zip(ids, plain, strict=True)
    }


def refuse_too_many(count: int, at: At) -> None:
    """Refuse a number of copies that can only be a mistake, before any of them is made."""
    if count > MOST_PIECES:
        message = f"the patterns of the graph make more than {MOST_PIECES:,} pieces"
        raise problem(PatternTooLarge, message, "for many items use `each`, with a pattern for each item", at)


def refuse_repeated_effects(task: BoundTask, name: str, count: int) -> None:
    """A task that changes the world outside is not to be done several times over."""
    if count > 1 and task.effects == "external":
        raise problem(
            EffectsRepeated,
            f"`{task.id}` has external effects, and `{name}` would do it {count} times",
            "let the pattern decide what is to be done, and do it in a task of its own behind it",
        )


def refuse_shared_files(pieces: Sequence[BoundTask], name: str, places: Sequence[At]) -> None:
    """Pieces that are at work at the same time must not leave the same file behind."""
    seen: dict[str, str] = {}
    for one, at in zip(pieces, places, strict=True):
        if one.isolation != "none":
            continue
        paths = [item.path for item in one.deliverables]
        paths += [one.output.path] if one.output.source == "file" else []
        for path in [*paths, *one.writes]:
            key = repr(path)
            if key in seen and seen[key] != one.id:
                text = f"`{path.value}`" if isinstance(path, Literal) else "the same file"
                raise problem(
                    SharedFile,
                    f"`{name}` does the work several times at once, and each time it would write {text}",
                    "hand the result on as the output, or give each member files of its own",
                    at,
                )
            seen[key] = one.id


def refused(task: BoundTask, key: str, at: At) -> BoundTask:
    """The task with a mark on it that this version refuses to run it."""
    return replace(task, later=(*task.later, LaterKey(key=key, where=at)))
