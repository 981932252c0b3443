"""Where words stand among the options and operands of their program, and that each kind has its hint."""

from __future__ import annotations

import pytest

from metaensemble.tasks.shell_code import Code
from metaensemble.tasks.shell_hints import told_in_list, told_in_text, told_on_input
from metaensemble.tasks.shell_options import Standing
from metaensemble.tasks.shell_programs import PROGRAMS, base_name


@pytest.mark.parametrize(
    ("name", "words", "operands", "awaiting"),
    [
        ("sh", "-ec", [], ""),
        ("sh", "-o pipefail -c x -y", ["x", "-y"], ""),
        ("sh", "-- -c", ["-c"], ""),
        ("perl", "-lane", [], "-e"),
        ("perl", "-i.e", [], ""),
        ("perl", "-0777 -pe x f", ["f"], ""),
        ("sed", "-i .bak s f", ["s", "f"], ""),
        ("sed", "-e", [], "-e"),
        ("su", "root -c", ["root"], "-c"),
        ("su", "root --command=x y", ["root", "y"], ""),
        ("ssh", "-p 22 host -v ls -l", ["host", "ls", "-l"], ""),
        ("eval", "-x y", ["-x", "y"], ""),
        ("node", "--require x --eval", [], "--eval"),
        ("env", "--unset=X -u", [], "-u"),
        ("python", "-c x -c y", ["-c", "y"], ""),
    ],
)
def test_words_are_read_as_their_program_reads_them(
    name: str, words: str, operands: list[str], awaiting: str
) -> None:
    standing = Standing(PROGRAMS[name])
    standing.read(words.split())
    assert (standing.operands, standing.awaiting) == (operands, awaiting)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("/usr/bin/python3.11", "python"),
        ("perl5.36.0", "perl"),
        ("lua5.4", "lua"),
        ("sh.exe", "sh"),
        ("\0/bin/bash", "bash"),
        ("python3-config", "python3-config"),
        ("7", "7"),
    ],
)
def test_a_program_is_known_without_folder_and_version(word: str, name: str) -> None:
    assert base_name(word) == name


KINDS = sorted(
    {program.kind for program in PROGRAMS.values()} | {"subscript", "arithmetic", "test", "parameter"}
)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_code_has_a_message_and_a_hint(kind: str) -> None:
    code = Code(kind, "PROGRAM")
    told = [
        told_in_text(code, "${{ x }}"),
        told_in_list(code, "${{ x }}", None),
        told_on_input(code, "${{ x }}"),
    ]
    for _, message, hint in told:
        assert message.startswith("an expression stands in ")
        assert hint
        assert "{program}" not in hint
        assert "{value}" not in hint
