"""Programs that run text which they are given, or commands: what their options mean, as data.

Where a text is code is told by where it stands among the options and operands of its program. The
table knows the programs with which shell texts are usually written; what it does not know is taken
to treat its arguments as data.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

Names = frozenset[str]
_NONE: Final[Names] = frozenset()
EVERYWHERE: Final = 1_000
"""For `permutes`: options count behind any number of operands."""
NOWHERE: Final = -1
"""For `permutes`: the program has no options."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """How one program reads its words. Options are named with their dashes.

    `kind` says what it does with code, and so which hint fits. An option of `valued` (letters) or
    `long` has a value: the rest of its word, or the next one. What follows a letter of `attached` in
    its word is the letter's value. Behind `permutes` operands options no longer count.
    """

    kind: str
    valued: str = ""
    attached: str = ""
    long: Names = _NONE
    permutes: int = 0
    ends: Names = _NONE
    """Options behind whose value only operands follow."""

    code: Names = _NONE
    """Options whose value is code."""
    first: bool = False
    """The first operand is code, unless an option of `instead` was there."""
    flags: Names = _NONE
    """Options that make the first operand code."""
    joined: int | None = None
    """From this operand on, all are joined to one piece of code."""
    instead: Names = _NONE
    harmless: Names = _NONE
    """Options with which no operand is code that could do harm."""
    stops: Names = _NONE
    """Operands behind which there is only data."""

    files: Names = _NONE
    """Options whose value names a file with code."""
    has_script: bool = False
    """The first operand names a file with code."""
    reads: bool = False
    """Without such an operand it takes its code from standard input."""
    reads_with: Names = _NONE
    """Options with which it does so whatever the operands are."""

    runs: int | None = None
    """A command begins behind this many operands."""
    takes_variables: bool = False
    """`NAME=value` words may stand before that command."""


def _each(names: str, program: Program) -> dict[str, Program]:
    return dict.fromkeys(names.split(), program)


def _set(names: str) -> Names:
    return frozenset(names.split())


def _runner(
    valued: str = "",
    long: str = "",
    *,
    runs: int = 0,
    kind: str = "runner",
    code: str = "",
    permutes: int = 0,
    takes_variables: bool = False,
) -> Program:
    """A program that runs the command which its words are."""
    return Program(
        kind=kind,
        valued=valued,
        long=_set(long),
        runs=runs,
        code=_set(code),
        permutes=permutes,
        takes_variables=takes_variables,
    )


_SHELL: Final = Program(
    kind="shell",
    valued="oO",
    long=_set("--rcfile --init-file"),
    code=_set("--command --init-command"),
    flags=_set("-c"),
    has_script=True,
    reads=True,
    reads_with=_set("-s"),
)
_AWK: Final = Program(
    kind="awk",
    valued="FvfeEil",
    long=_set("--field-separator --assign --file --include --load --exec"),
    code=_set("-e --source"),
    first=True,
    instead=_set("-f -E -e --file --exec --source"),
    files=_set("-f -E --file --exec"),
)
_SED: Final = Program(
    kind="sed",
    valued="efl",
    attached="iI",
    long=_set("--file --line-length"),
    code=_set("-e --expression"),
    first=True,
    instead=_set("-e -f --expression --file"),
    harmless=_set("--sandbox"),
    files=_set("-f --file"),
)
_SU: Final = Program(
    kind="su",
    valued="cgGsw",
    long=_set("--group --supp-group --shell --whitelist-environment"),
    code=_set("-c --command --session-command"),
    permutes=EVERYWHERE,
)
_PERL: Final = Program(
    kind="perl", valued="eEI", attached="iFMmCDdx", code=_set("-e -E"), has_script=True, reads=True
)
_NODE: Final = Program(
    kind="node",
    valued="erC",
    long=_set("--require --import --conditions --env-file"),
    code=_set("-e --eval"),
    flags=_set("-p --print"),
    has_script=True,
    reads=True,
)
_LUA: Final = Program(kind="lua", valued="el", code=_set("-e"), has_script=True, reads=True)
_JOINED: Final = Program(kind="eval", joined=0, permutes=NOWHERE)
_NAMES: Final = Program(kind="name", joined=0)
_DECLARE: Final = Program(kind="declare", permutes=EVERYWHERE)
_TEST: Final = Program(kind="name", valued="v", code=_set("-v"), permutes=EVERYWHERE)

PROGRAMS: Final[dict[str, Program]] = {
    **_each(
        "sh ash bash dash ksh mksh lksh oksh pdksh zsh fish csh tcsh rbash yash posh elvish nu xonsh"
        " $SHELL $BASH $0",
        _SHELL,
    ),
    # What a shell has built in.
    "eval": _JOINED,
    "alias": Program(kind="alias", joined=0, permutes=NOWHERE),
    "let": Program(kind="let", joined=0, permutes=NOWHERE),
    "trap": Program(kind="trap", first=True, harmless=_set("-p -l")),
    **_each("source .", Program(kind="source", has_script=True)),
    **_each("mapfile readarray", Program(kind="eval", valued="dnOsuCc", code=_set("-C"))),
    **_each("complete compgen", Program(kind="eval", valued="oAGWFCXPS", code=_set("-C -W"))),
    "unset": _NAMES,
    "read": Program(kind="name", joined=0, valued="adinNptu", code=_set("-a")),
    "printf": Program(kind="name", valued="v", code=_set("-v")),
    **_each("test [", _TEST),
    **_each("declare typeset local export readonly", _DECLARE),
    # What runs a command as another user, elsewhere, later or again.
    **_each("su runuser", _SU),
    "sg": Program(kind="env", code=_set("-c"), valued="c", permutes=EVERYWHERE),
    "script": Program(kind="env", valued="cEIOBTom", code=_set("-c --command"), permutes=EVERYWHERE),
    "flock": _runner("wcE", "--timeout", runs=1, kind="env", code="-c --command", permutes=1),
    **_each("ssh slogin rsh", Program(kind="ssh", valued="BbcDEeFIiJLlmOoPpQRSWw", joined=1, permutes=1)),
    "watch": Program(
        kind="watch",
        valued="nq",
        long=_set("--interval --equexit"),
        joined=0,
        harmless=_set("-x --exec"),
        runs=0,
    ),
    "parallel": Program(
        kind="parallel",
        valued="jaSILNnsdCEP",
        long=_set("--jobs --arg-file --sshlogin --joblog --results --timeout --delay --colsep --delimiter"),
        joined=0,
        harmless=_set("-q --quote"),
        stops=_set("::: :::+ :::: ::::+"),
        reads=True,
        runs=0,
    ),
    **_each("at batch crontab", Program(kind="at", valued="qftu", reads=True, instead=_set("-f"))),
    **_each(
        "xargs gxargs",
        Program(
            kind="xargs",
            valued="aEIdLnPs",
            attached="eil",
            long=_set("--arg-file --delimiter --max-args --max-lines --max-procs --max-chars"),
            runs=0,
        ),
    ),
    "env": _runner("uCSP", "--unset --chdir", kind="split", code="-S --split-string", takes_variables=True),
    "sudo": _runner(
        "CDghpRrTtUu",
        "--user --group --host --prompt --chdir --chroot --close-from --role --type --other-user",
        takes_variables=True,
    ),
    "doas": _runner("Cu"),
    **_each("nohup setsid builtin command coproc fakeroot busybox toybox caffeinate", _runner()),
    "exec": _runner("a"),
    "time": _runner("fo", "--format --output"),
    **_each("nice gnice", _runner("n", "--adjustment")),
    "ionice": _runner("cnpPu", "--class --classdata"),
    **_each("stdbuf gstdbuf", _runner("ioe", "--input --output --error")),
    **_each("timeout gtimeout", _runner("ks", "--kill-after --signal", runs=1)),
    **_each("chroot taskset chrt", _runner(runs=1)),
    "strace": _runner("eopEsSuaXIbOP"),
    "sshpass": _runner("fdpP"),
    "xvfb-run": _runner("efnpsw"),
    # Other languages.
    **_each("awk gawk mawk nawk original-awk", _AWK),
    **_each("sed gsed", _SED),
    **_each(
        "python pypy",
        Program(
            kind="python",
            valued="cWXm",
            code=_set("-c"),
            ends=_set("-c -m"),
            instead=_set("-m"),
            has_script=True,
            reads=True,
        ),
    ),
    **_each("perl raku", _PERL),
    "ruby": Program(
        kind="ruby", valued="eEIrC", attached="iFKTWx", code=_set("-e"), has_script=True, reads=True
    ),
    **_each("node nodejs bun", _NODE),
    "php": Program(kind="php", valued="rBREFfdczSt", code=_set("-r -B -R -E"), has_script=True, reads=True),
    **_each("lua luajit", _LUA),
    **_each(
        "Rscript R julia groovy elixir osascript",
        Program(kind="other", valued="eE", code=_set("-e -E --eval"), has_script=True),
    ),
    **_each("pwsh powershell", Program(kind="other", valued="c", code=_set("-c -Command -command"))),
    "expect": Program(kind="other", valued="cf", code=_set("-c"), has_script=True),
}
"""By name, without folder and version."""

LANGUAGES: Final = frozenset({"awk", "sed", "python", "perl", "ruby", "node", "php", "lua", "other"})
"""The kinds that run text in a language of their own."""

NEVER_RUN: Final = _set("echo printf print yes cat ls grep egrep fgrep rg ag test [ which type hash")
"""Programs to which the names of others are only text."""

SPEAKING: Final = _set("echo printf print yes jq awk gawk mawk nawk sed gsed")
"""Programs that write their arguments to standard output."""

PASSING: Final = SPEAKING | _set(
    "cat tee grep egrep fgrep rg tr sort uniq head tail cut tac nl envsubst fold fmt expand unexpand paste"
    " column rev base64 iconv dos2unix gunzip zcat xargs"
)
"""Programs that write what they read, or parts of it."""

_VERSION = re.compile(r"-?\d+(\.\d+)*$")


@lru_cache(maxsize=4_096)
def base_name(word: str) -> str:
    """The name of a program as the table has it; parts of the word that are not known are left out."""
    name = word.replace("\0", "").rpartition("/")[2].removesuffix(".exe")
    if name in PROGRAMS:
        return name
    plain = _VERSION.sub("", name)
    return plain if plain in PROGRAMS else name
