"""Who is related to whom: which pieces do the same work, and which think alike."""

from __future__ import annotations

import re
from posixpath import basename

from ..schemas.bound import BoundTask, Member
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
    """A text that is equal exactly for tasks that do the same work: the same command, or callable."""
    spelled = task_to_json(task)
    # Whether a callable runs in a process or in a thread does not change what it does.
    callable_ = task.python and [task.python.module, task.python.function]
    return canonical([*(spelled.get(name) for name in ("command", "body", "kind")), callable_])


def family_of(task: BoundTask) -> str:
    """What a piece is akin to: its program, its script, or its callable.

    Two pieces of one family err together more than two of different ones (arXiv 2506.07962).
    """
    if task.python is not None:
        return f"{task.python.module}:{task.python.function}"
    if task.command is not None:
        return _program(task) or "sh"
    if task.body is not None:
        return basename(task.body.graph.source)
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
