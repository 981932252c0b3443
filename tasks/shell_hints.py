"""What is said of an expression that stands in code, and what to write instead."""

from __future__ import annotations

from ..schemas.errors.expression import ExpressionError
from ..schemas.errors.shell_text import ExpressionInCode, ExpressionInEvaluatedText
from .shell_code import Code
from .shell_programs import LANGUAGES

_IN_TEXT = {
    "shell": "hand the value over as an argument: `{program} -c 'echo \"$1\"' {program} {value}`",
    "eval": "put the value into a variable first: `x={value}; eval 'echo \"$x\"'`",
    "source": "set a variable first, and let the text refer to it: `x={value}; . ./FILE`",
    "trap": "put the value into a variable first: `x={value}; trap 'rm -f \"$x\"' EXIT`",
    "alias": "write a function instead: `name() { echo {value}; }`",
    "let": "calculate inside the expression: `${{ params.n + 1 }}`",
    "su": "hand the value over as an argument: `{program} USER -c 'echo \"$1\"' -- sh {value}`",
    "env": "hand the value over by the environment: `X={value} {program} FILE -c 'echo \"$X\"'`",
    "ssh": "hand the value over on standard input:"
    " `printf %s {value} | {program} HOST 'x=$(cat); echo \"$x\"'`",
    "watch": "with `-x` no shell reads the command: `watch -x ls {value}`",
    "parallel": "hand the value over behind `:::`: `parallel echo ::: {value}`",
    "split": "write the words one by one, without `-S`: `env echo {value}`",
    "python": "hand the value over as an argument: `{program} -c 'import sys; print(sys.argv[1])' {value}`",
    "perl": "hand the value over by the environment: `X={value} {program} -e 'print $ENV{X}'`",
    "ruby": "hand the value over by the environment: `X={value} {program} -e 'puts ENV[\"X\"]'`",
    "node": "hand the value over by the environment: `X={value} {program} -e 'console.log(process.env.X)'`",
    "php": "hand the value over by the environment: `X={value} {program} -r 'echo getenv(\"X\");'`",
    "lua": "hand the value over by the environment: `X={value} {program} -e 'print(os.getenv(\"X\"))'`",
    "awk": "hand the value over by the environment: `X={value} {program} '{ print ENVIRON[\"X\"] }'`",
    "sed": 'GNU sed runs nothing with `--sandbox`: `{program} --sandbox "s/OLD/{value}/"`',
    "other": "hand the value over by the environment: `X={value} {program} …`, and let the text read `X`",
    "name": "write the name itself; `case` can choose between several",
    "declare": "put the value into a plain variable: `x={value}`",
    "arithmetic": "calculate inside the expression: `${{ params.n + 1 }}`",
    "test": "write `[ … ]`, which every shell has",
    **dict.fromkeys(
        ("subscript", "parameter"),
        "put the value into a variable first, or work it out inside the `${{ … }}`",
    ),
}
_EVALUATED = {
    "name": "the name of a variable",
    "declare": "an array subscript or an integer declaration",
    "subscript": "an array subscript or an integer declaration",
    "arithmetic": "arithmetic",
    "test": "`[[ … ]]`",
    "parameter": "a `${…}` of this kind",
}
"""Places whose text a shell evaluates, though it runs no program there."""

_IN_LIST = {
    "shell": 'hand the value over as an argument: `[{program}, -c, \'echo "$1"\', {program}, "{value}"]`',
    "su": 'hand the value over as an argument: `[{program}, USER, -c, \'echo "$1"\', --, sh, "{value}"]`',
    "ssh": "write the command as text, and hand the value over on standard input:"
    " `printf %s {value} | {program} HOST 'x=$(cat); echo \"$x\"'`",
    "watch": 'with `-x` no shell reads the command: `[watch, -x, ls, "{value}"]`',
    "parallel": 'hand the value over behind `:::`: `[parallel, echo, ":::", "{value}"]`',
    "split": 'write the words one by one, without `-S`: `[env, echo, "{value}"]`',
    "python": "hand the value over as an argument:"
    " `[{program}, -c, 'import sys; print(sys.argv[1])', \"{value}\"]`",
    "perl": "write `env: {X: \"{value}\"}`, and let the program read it: `[{program}, -e, 'print $ENV{X}']`",
    "ruby": 'write `env: {X: "{value}"}`, and let the program read it: `[{program}, -e, \'puts ENV["X"]\']`',
    "node": 'write `env: {X: "{value}"}`, and let the program read it:'
    " `[{program}, -e, 'console.log(process.env.X)']`",
    "php": 'write `env: {X: "{value}"}`, and let the program read it:'
    " `[{program}, -r, 'echo getenv(\"X\");']`",
    "lua": 'write `env: {X: "{value}"}`, and let the program read it:'
    " `[{program}, -e, 'print(os.getenv(\"X\"))']`",
    "awk": 'write `env: {X: "{value}"}`, and let the program read it:'
    " `[{program}, '{ print ENVIRON[\"X\"] }']`",
    "sed": 'GNU sed runs nothing with `--sandbox`: `[{program}, --sandbox, "s/OLD/{value}/"]`',
}
_ELSE_IN_LIST = 'write `env: {X: "{value}"}`, and let the text refer to the variable `X`'

_ON_INPUT = {
    "shell": "hand the value over as an argument, and the text without it: `{program} -c 'echo \"$1\"'"
    " {program} {value}`",
    "ssh": _IN_TEXT["ssh"],
    "parallel": _IN_TEXT["parallel"],
    **{
        kind: _IN_TEXT[kind]
        for kind in ("source", "python", "perl", "ruby", "node", "php", "lua", "awk", "sed")
    },
}
_ELSE_ON_INPUT = (
    "hand the value over by the environment: `X={value}`, and let the text refer to `$X` in single quotes"
)

Told = tuple[type[ExpressionError], str, str]
"""An error, its message and its hint."""


def told_in_text(code: Code, value: str) -> Told:
    """For the expression `value` inside a shell text."""
    hint = _filled(_IN_TEXT.get(code.kind, _IN_TEXT["other"]), code, value)
    if code.kind in _EVALUATED:
        where = _EVALUATED[code.kind]
        message = f"an expression stands in {where}, where some shells run what a value holds"
        return ExpressionInEvaluatedText, message, hint
    return ExpressionInCode, _message(code), hint


def told_in_list(code: Code, value: str, fixed: str | None) -> Told:
    """For an expression in a list of words; `fixed` is that list with the mistake mended, if known."""
    if fixed is not None:
        hint = f"hand the value over as an argument: `{fixed}`"
    else:
        hint = _filled(_IN_LIST.get(code.kind, _ELSE_IN_LIST), code, value)
    return ExpressionInCode, _message(code), hint


def told_on_input(code: Code, value: str) -> Told:
    """For an expression in text that a command reads from its standard input."""
    message = f"an expression stands in text that goes into `{code.program}`, which runs it as a program"
    return ExpressionInCode, message, _filled(_ON_INPUT.get(code.kind, _ELSE_ON_INPUT), code, value)


def _message(code: Code) -> str:
    if code.kind in LANGUAGES:
        return f"an expression stands in text that `{code.program}` runs as a program"
    if code.kind == "split":
        return "an expression stands in text that `env -S` takes apart into words"
    return "an expression stands in text that a shell runs as a program"


def _filled(hint: str, code: Code, value: str) -> str:
    return hint.replace("{program}", code.program).replace("{value}", value)
