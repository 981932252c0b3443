"""Who is related to whom: which pieces do the same work, and which think alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from posixpath import basename
from typing import Any

from ..schemas.agent import AGENT
from ..schemas.bound import BoundTask, Member, SubGraph
from ..schemas.bound_json import task_to_json
from ..schemas.canonical import canonical
from ..schemas.template import Literal

_STARTERS = frozenset(
    {
        *("python", "python3", "sh", "bash", "node", "npx", "uvx", "uv", "env", "ruby", "perl"),
        # Words of the shell that begin a line and are no program that does the work.
        *("if", "then", "else", "fi", "for", "in", "do", "done", "while", "until", "case", "esac"),
        *("cd", "set", "export", "exec", "test", "true", "exit", "return", "local", "time"),
    }
)
RUNTIMES = {"claude": "anthropic", "codex": "openai", "gemini": "google"}
"""The makers of the models that a client asks when nobody says which."""

_WORD = re.compile(r"[\w./@+-]+")
_MODELS = (
    ("anthropic", ("claude", "opus", "sonnet", "haiku")),
    ("openai", ("gpt", "o1", "o3", "o4", "codex")),
    ("google", ("gemini", "gemma")),
    ("meta", ("llama",)),
    ("mistral", ("mistral", "mixtral", "codestral")),
    ("qwen", ("qwen",)),
    ("deepseek", ("deepseek",)),
)


def work_key(task: BoundTask) -> str:
    """A text that is equal exactly for tasks that do the same work: the same command or callable, or the same
    Role that is asked the same of the same model."""
    spelled = task_to_json(task)
    # Whether a callable runs in a process or in a thread does not change what it does.
    callable_ = task.python and [task.python.module, task.python.function]
    asked = None
    if task.agent is not None and task.kind == "role":
        asked = {name: spelled["agent"].get(name) for name in ("role", "prompt", "files", "tier", "model")}
        asked["runtime"] = task.runtime
    return canonical([*(spelled.get(name) for name in ("command", "body", "kind")), callable_, *_some(asked)])


def _some(asked: Any) -> list[Any]:
    return [] if asked is None else [asked]


def doer(task: BoundTask) -> str:
    """A text that is equal exactly where the same one does the work: a Role, a command or a callable."""
    if task.agent is not None and task.kind == "role":
        return canonical(["role", task.agent.role])
    return work_key(task)


def called(task: BoundTask) -> str:
    """What people call whoever does the work: its Role, its program, its script or its callable."""
    if task.agent is not None and task.kind == "role":
        return task.agent.role
    return family_of(task)


def is_akin(one: Member, other: Member) -> bool:
    """Whether two are of one family, or might be; two Roles only where they are the same one."""
    families = {family_of_member(one), family_of_member(other)}
    agents = [member.task.agent for member in (one, other) if member.task.kind == "role"]
    roles = [agent.role for agent in agents if agent is not None]
    if len(roles) == 2:
        return roles[0] == roles[1] and (len(families) == 1 or AGENT in families)
    return len(families) == 1


def family_of(task: BoundTask) -> str:
    """What a piece is akin to: its program, its script, or its callable; for an agent the makers of its
    model, as far as its name or its client tells, else the runtime.

    Two pieces of one family err together more than two of different ones (arXiv 2506.07962).
    """
    if task.python is not None:
        return f"{task.python.module}:{task.python.function}"
    if task.command is not None:
        return _program(task) or "sh"
    if task.body is not None:
        return basename(task.body.graph.source)
    if task.agent is not None and (task.agent.model or task.agent.named):
        family = model_family(task.agent.model or task.agent.named or "")
        return family if task.agent.model else RUNTIMES.get(task.runtime, family)
    if task.kind == "role":
        return RUNTIMES.get(task.runtime, task.runtime)
    return task.kind


def family_of_member(member: Member) -> str:
    """The family that a member names itself, else that of its work."""
    return str(member.keys.get("family") or family_of(member.task))


def model_family(model: str) -> str:
    """The family of a model, by its name; the name itself when it is of none that is known."""
    lowered = model.lower()
    for family, names in _MODELS:
        if any(name in lowered for name in names):
            return family
    return lowered


def with_families(body: SubGraph) -> SubGraph:
    """The pieces of a pattern with the families of voters in the settings of their joins, now that it is
    known which runtimes the agents among them have."""
    known = {task.id: family_of(task) for task in body.graph.tasks if task.kind == "role"}
    tasks = tuple(_with_families(task, known) for task in body.graph.tasks)
    return replace(body, graph=replace(body.graph, tasks=tasks)) if known else body


def _with_families(task: BoundTask, known: Mapping[str, str]) -> BoundTask:
    rule = task.settles
    if rule is None or "families" not in rule.settings:
        return task
    voters, families = rule.settings["voters"], rule.settings["families"]
    # What a member or a model says of itself stands; only who was not known is looked up.
    found = [
        known.get(voter, family) if family == AGENT else family
        for voter, family in zip(voters, families, strict=True)
    ]
    inputs = tuple(
        (name, Literal({**item.value, "families": found}))
        if name == "settings" and isinstance(item, Literal)
        else (name, item)
        for name, item in task.inputs
    )
    settles = replace(rule, settings={**rule.settings, "families": found})
    return replace(task, settles=settles, inputs=inputs)


def _program(task: BoundTask) -> str:
    command = task.command
    assert command is not None
    if command.argv is not None:
        words = [str(item.value) for item in command.argv if isinstance(item, Literal)]
    else:
        words = _WORD.findall(command.shell or "")
    for word in words:
        name = basename(word)
        if name and name not in _STARTERS and not word.startswith("-") and name != "m":
            return name
    return words[0] if words else ""
