"""What other programs, and people in a hurry, call the keys of a task graph."""

from __future__ import annotations

from collections.abc import Iterable

from ..schemas.span import Path
from ..schemas.suggest import did_you_mean, in_backticks

_FILE = {
    "jobs": "tasks",
    "steps": "tasks",
    "nodes": "tasks",
    "dag": "tasks",
    "parameters": "params",
    "inputs": "params",
    "variables": "params",
    "vars": "params",
    "default": "defaults",
    "title": "name",
    "parallelism": "concurrency: {max: …}",
    "max_parallel": "concurrency: {max: …}",
    "pools": "concurrency: {pools: {…}}",
}
_TASK = {
    **dict.fromkeys(("command", "cmd", "script", "shell", "bash", "sh", "exec", "args", "argv"), "run"),
    **dict.fromkeys(
        ("depends", "depends_on", "dependson", "dependencies", "deps", "after", "requires"), "needs"
    ),
    **dict.fromkeys(("when", "condition", "only_if", "unless"), "if"),
    **dict.fromkeys(("environment", "environ", "vars"), "env"),
    **dict.fromkeys(("dir", "directory", "workdir", "working_dir", "working_directory"), "cwd"),
    **dict.fromkeys(("input", "inputs", "params", "parameters"), "with"),
    **dict.fromkeys(("for", "for_each", "foreach", "loop", "with_items", "items", "map"), "each"),
    **dict.fromkeys(("label", "labels", "tag"), "tags"),
    **dict.fromkeys(("uses", "workflow", "subgraph", "include_graph"), "graph"),
    **dict.fromkeys(("agent", "persona"), "role"),
    **dict.fromkeys(("approval", "question", "confirm", "gate"), "approve"),
    **dict.fromkeys(("call", "function", "callable"), "python"),
    **dict.fromkeys(("retries", "max_retries", "attempts", "retry_limit"), "retry: {max: …}"),
    **dict.fromkeys(("backoff", "retry_delay"), "retry: {backoff: …}"),
    **dict.fromkeys(("timeout_minutes", "timeout_seconds", "time_limit", "deadline"), "timeout"),
    **dict.fromkeys(
        ("continue_on_error", "ignore_error", "ignore_errors", "allow_failure"), "needs: {…: done}"
    ),
    **dict.fromkeys(("outputs", "artifacts", "produces"), "deliverables"),
    **dict.fromkeys(("sources", "watch"), "reads"),
    **dict.fromkeys(("generates", "targets"), "writes"),
    **dict.fromkeys(("desc", "summary", "comment", "name", "title"), "description"),
    "instructions": "prompt",
    "strategy": "matrix",
    "schema": "output: {schema: …}",
    "until": "repeat: {until: …, max: …}",
    "max": "retry: {max: …}",
}
_PARAM = {
    **dict.fromkeys(("enum", "options", "values", "oneof", "allowed"), "choices"),
    **dict.fromkeys(("min", "ge", "least"), "minimum"),
    **dict.fromkeys(("max", "le", "most"), "maximum"),
    **dict.fromkeys(("regex", "regexp", "match"), "pattern"),
    **dict.fromkeys(("desc", "help", "doc"), "description"),
    **dict.fromkeys(("value", "val"), "default"),
}
_RETRY = {
    **dict.fromkeys(("count", "times", "limit", "attempts", "retries", "maximum"), "max"),
    **dict.fromkeys(("delay", "wait", "interval", "sleep"), "backoff"),
    **dict.fromkeys(("when", "if", "reasons", "on_error"), "on"),
}
_OUTPUT = {
    **dict.fromkeys(("format", "type", "form", "parse"), "as"),
    **dict.fromkeys(("file", "filename"), "from: file, path: …"),
    **dict.fromkeys(("source", "stream"), "from"),
    "json_schema": "schema",
}


def unknown_key_hint(key: str, place: Path, known: Iterable[str], elsewhere: dict[str, Path]) -> str:
    """What to write instead of `key`, which the map at `place` does not know.

    `known` are the keys that it knows; `elsewhere` gives, for keys of the file and of a task, an
    example of the place where they belong.
    """
    names = tuple(known)
    plain = key.casefold().replace("-", "_")
    found = _synonyms(place).get(plain)
    if found is not None:
        return f"did you mean `{found}`?"
    near = did_you_mean(key, names)
    if near is not None:
        return near
    if key in elsewhere and elsewhere[key] != place:
        home = elsewhere[key]
        return f"`{key}` is a key of {'a task' if home else 'the whole file'}; move it there"
    if not names:
        return "drop it, or let its name begin with `x-`"
    if len(names) == 1:
        return f"the only key here is `{names[0]}`"
    if len(names) <= 12 or not place:
        return f"the keys here are {in_backticks(names, last='and', limit=len(names))}"
    return f"`me dag schema {_dotted(place)}` lists the keys; those that begin with `x-` are ignored"


def _synonyms(place: Path) -> dict[str, str]:
    match place:
        case ():
            return _FILE
        case ("tasks", _) | ("defaults",):
            return _TASK
        case ("params", _):
            return _PARAM
        case (*_, "retry"):
            return _RETRY
        case (*_, "output"):
            return _OUTPUT
        case _:
            return {}


def _dotted(place: Path) -> str:
    """`place` as `me dag schema` takes it: names that people choose and positions are left out."""
    steps = [str(step) for step in place if isinstance(step, str)]
    if steps[:1] in (["tasks"], ["params"]):
        del steps[1:2]
    return ".".join(steps)
