"""What the file alone tells of fan-outs: lists that can be none, and matrices without a combination."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..schemas.errors import InputError
from ..schemas.errors.expression import ExpressionError
from ..schemas.errors.grammar import UnknownKey
from ..schemas.errors.many_nodes import EachNotAList, EmptyMatrix
from ..schemas.span import Path
from ..schemas.suggest import did_you_mean, in_backticks
from ..schemas.task import Task
from ..schemas.template import as_text
from .expression.analysis import Analysis, Reference, analyse, spell
from .expression.scanner import Hole, has_expression, scan
from .matrix import cells
from .producers import never_a_list
from .references import makes_items

_AS_LIST = "give that task `output: {as: lines}`, or `{as: json}`"

Found = tuple[Path, InputError]


def fan_out_problems(
    task: Task, tasks: Mapping[str, Task], params: Mapping[str, str], *, is_empty: bool
) -> Iterator[Found]:
    """What is wrong with `each` and `matrix`, each with its place below the task.

    `params` holds the types of the parameters. `is_empty`: there is a matrix, and nothing stands in it.
    """
    if task.each is not None:
        why = _no_list(task.each, tasks, params)
        if why is not None:
            yield ("each",), EachNotAList(f"`each` needs a list, and {why[0]}", hint=why[1])
    if is_empty:
        hint = "name an axis and its values: `{os: [linux, macos]}`"
        yield ("matrix",), EmptyMatrix("the matrix has no axis", hint=hint)
    if not task.matrix:
        return
    yield from _stray_excludes(task)
    is_fixed = not has_expression(str((task.matrix, task.exclude, task.include)))
    if is_fixed and task.exclude and not cells(task.matrix, task.include, task.exclude):
        yield ("exclude",), EmptyMatrix("`exclude` leaves no combination of the matrix")


def _stray_excludes(task: Task) -> Iterator[Found]:
    for index, rule in enumerate(task.exclude):
        for key in rule:
            if key not in task.matrix:
                listed = f"the matrix has {in_backticks(task.matrix, last='and')}"
                error = UnknownKey(
                    f"unknown key `{key}` in `exclude`", hint=did_you_mean(key, task.matrix) or listed
                )
                yield ("exclude", index, key), error


def _no_list(
    text: str, tasks: Mapping[str, Task], params: Mapping[str, str]
) -> tuple[str, str | None] | None:
    """What the expression is known to be, and a hint, when that is no list."""
    try:
        holes = [piece for piece in scan(text) if isinstance(piece, Hole)]
    except ExpressionError:
        return None
    if len(holes) != 1:
        return None
    analysis = analyse(holes[0].source)
    if not analysis.references and not analysis.problems:
        return _constant(holes[0].source)
    return _of_reference(analysis, tasks, params)


def _constant(source: str) -> tuple[str, str | None] | None:
    # Evaluating needs Jinja2, which most graphs can do without until they run.
    from .expression.evaluator import evaluate

    try:
        value = evaluate(source, {})
    except ExpressionError:
        return None
    if isinstance(value, list) or value is None:
        return None
    return f"this is `{as_text(value)}`", "a list is written `${{ ['a', 'b'] }}`"


def _of_reference(
    analysis: Analysis, tasks: Mapping[str, Task], params: Mapping[str, str]
) -> tuple[str, str | None] | None:
    if not analysis.plain:
        return None
    (reference,) = analysis.references
    match reference.root, reference.path:
        case "params", (str(name),) if params.get(name, "json") != "json":
            return f"the parameter `{name}` is of type `{params[name]}`", "a list needs `type: json`"
        case "run", ("id",):
            return "`run.id` is text", None
        case "tasks", (str(name), "status" | "deliverable"):
            return f"`{reference}` is text", None
        case "tasks", (str(name), "output", *_) if name in tasks:
            return _of_output(reference, name, tasks[name])
    return None


def _of_output(reference: Reference, name: str, task: Task) -> tuple[str, str | None] | None:
    if makes_items(task) or task.pattern is not None or (task.output is None and task.run is None):
        return None
    form = "text" if task.output is None else task.output.form
    schema: Any = None if task.output is None else task.output.schema_
    what = never_a_list(form, None if isinstance(schema, str) else schema, reference.path[2:])
    if what is None:
        return None
    if len(reference.path) == 2:
        return f"the output of `{name}` is {what}", _AS_LIST if form == "text" else None
    return f"`{spell('tasks', reference.path)}` is {what}", None
