"""Expressions in shell text: where they may stand, and that values arrive unchanged in real shells."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from metaensemble.schemas.errors import (
    ExpressionAfterEscape,
    ExpressionInBackticks,
    ExpressionInCode,
    ExpressionInComment,
    ExpressionInEvaluatedText,
    ExpressionInQuotedHereDocument,
    ExpressionInSingleQuotes,
    InputError,
    OpenShellText,
)
from metaensemble.tasks.shell import ShellText
from support.shells import ATTACKS, SHELLS, bound, run


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("echo ${{ a }}", 'echo "${ME_X_1}"'),
        ('echo "x ${{ a }} y"', 'echo "x ${ME_X_1} y"'),
        ("echo ${{ a }}${{ b }}${{ a }}", 'echo "${ME_X_1}""${ME_X_2}""${ME_X_1}"'),
        ("echo pre${{ a }}post", 'echo pre"${ME_X_1}"post'),
        ("X=${{ a }} cmd", 'X="${ME_X_1}" cmd'),
        ("cmd > ${{ a }} 2>&1", 'cmd > "${ME_X_1}" 2>&1'),
        ("cat <<END\n${{ a }} '${{ b }}'\nEND\n", "cat <<END\n${ME_X_1} '${ME_X_2}'\nEND\n"),
        (
            "cat <<-END | grep ${{ a }}\n\t${{ b }}\n\tEND\n",
            'cat <<-END | grep "${ME_X_1}"\n\t${ME_X_2}\n\tEND\n',
        ),
        ('echo "$(cat ${{ a }} "${{ b }}")"', 'echo "$(cat "${ME_X_1}" "${ME_X_2}")"'),
        ("echo $(( $(cat ${{ a }}) + 1 ))", 'echo $(( $(cat "${ME_X_1}") + 1 ))'),
        ("echo ${x:-${{ a }}}", 'echo ${x:-"${ME_X_1}"}'),
        ('echo "${x:-${{ a }}}"', 'echo "${x:-${ME_X_1}}"'),
        ('echo "${x%${{ a }}}"', 'echo "${x%"${ME_X_1}"}"'),
        ("echo a#${{ a }} # done", 'echo a#"${ME_X_1}" # done'),
        ("echo $$${{ a }}", 'echo $$"${ME_X_1}"'),
        ("echo \\\\${{ a }}", 'echo \\\\"${ME_X_1}"'),
        ("echo 'q' ${{ a }} 'q'", "echo 'q' \"${ME_X_1}\" 'q'"),
        (
            "case ${{ a }} in a) echo ${{ b }};; *) :;; esac",
            'case "${ME_X_1}" in a) echo "${ME_X_2}";; *) :;; esac',
        ),
        ("x=$(case y in y) echo ${{ a }};; esac)", 'x=$(case y in y) echo "${ME_X_1}";; esac)'),
        ("sh -c 'echo \"$1\"' sh ${{ a }}", 'sh -c \'echo "$1"\' sh "${ME_X_1}"'),
        ("bash run.sh -c ${{ a }}", 'bash run.sh -c "${ME_X_1}"'),
        ("pip install x[${{ a }}]", 'pip install x["${ME_X_1}"]'),
        ("echo ${{ tasks['a'].output }} 'x'", "echo \"${ME_X_1}\" 'x'"),
        ("cat <<'A' <<B\n'`(\nA\n${{ a }}\nB\n", "cat <<'A' <<B\n'`(\nA\n${ME_X_1}\nB\n"),
        ("f() { echo ${{ a }}; }; f", 'f() { echo "${ME_X_1}"; }; f'),
        ("grep -P $'\\t' ${{ a }}", "grep -P $'\\t' \"${ME_X_1}\""),
        ('echo "`date`" ${{ a }}', 'echo "`date`" "${ME_X_1}"'),
    ],
)
def test_places_where_a_value_can_stand(text: str, wanted: str) -> None:
    found = bound(text)
    assert found.problems == ()
    assert found.text == wanted


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("echo '${{ a }}'", ExpressionInSingleQuotes),
        ("echo 'x'\"y\"'${{ a }}'", ExpressionInSingleQuotes),
        ("echo \"$(echo '${{ a }}')\"", ExpressionInSingleQuotes),
        ("echo `ls ${{ a }}`", ExpressionInBackticks),
        ('echo "`ls ${{ a }}`"', ExpressionInBackticks),
        ("# ${{ a }}", ExpressionInComment),
        ("echo x # ${{ a }}\n", ExpressionInComment),
        ("(#${{ a }}\n)", ExpressionInComment),
        ("cat <<'END'\n${{ a }}\nEND\n", ExpressionInQuotedHereDocument),
        ('cat <<"END"\n${{ a }}\nEND\n', ExpressionInQuotedHereDocument),
        ("cat <<\\END\n${{ a }}\nEND\n", ExpressionInQuotedHereDocument),
        ("cat <<E'N'D\n${{ a }}\nEND\n", ExpressionInQuotedHereDocument),
        ("echo \\${{ a }}", ExpressionAfterEscape),
        ('echo "\\${{ a }}"', ExpressionAfterEscape),
        ("cat <<END\n\\${{ a }}\nEND\n", ExpressionAfterEscape),
        ("echo $${{ a }}", ExpressionAfterEscape),
        ('echo "$${{ a }}"', ExpressionAfterEscape),
        ("echo $((${{ a }} + 1))", ExpressionInEvaluatedText),
        ('echo "$(( ${{ a }} ))"', ExpressionInEvaluatedText),
        ("(( ${{ a }} > 1 ))", ExpressionInEvaluatedText),
        ("echo $[ ${{ a }} ]", ExpressionInEvaluatedText),
        ("[[ ${{ a }} -eq 1 ]]", ExpressionInEvaluatedText),
        ('[[ "${{ a }}" == x ]]', ExpressionInEvaluatedText),
        ("a[${{ a }}]=1", ExpressionInEvaluatedText),
        ("X=1 a[${{ a }}]=1", ExpressionInEvaluatedText),
        ("unset a[${{ a }}]", ExpressionInEvaluatedText),
        ("declare -i x=${{ a }}", ExpressionInEvaluatedText),
        ("echo ${x:${{ a }}}", ExpressionInEvaluatedText),
        ("echo ${x/${{ a }}/y}", ExpressionInEvaluatedText),
        ("echo ${x[${{ a }}]}", ExpressionInEvaluatedText),
        ("cat <<END\n${x:-${{ a }}}\nEND\n", ExpressionInEvaluatedText),
        ("eval ${{ a }}", ExpressionInCode),
        ("if true; then eval echo ${{ a }}; fi", ExpressionInCode),
        ("let x=${{ a }}", ExpressionInCode),
        ("command eval ${{ a }}", ExpressionInCode),
        ('trap "rm ${{ a }}" EXIT', ExpressionInCode),
        ('sh -c "echo ${{ a }}"', ExpressionInCode),
        ("/bin/bash -euo pipefail -c ${{ a }}", ExpressionInCode),
        ('docker run x sh -c "echo ${{ a }}"', ExpressionInCode),
        ('sh 2>/dev/null -c "echo ${{ a }}"', ExpressionInCode),
        ("bash -c $x ${{ a }}", ExpressionInCode),
        ('ssh host "ls ${{ a }}"', ExpressionInCode),
        ("bash <<END\necho ${{ a }}\nEND\n", ExpressionInCode),
        ("echo ${{ a }} 'open", OpenShellText),
        ('echo ${{ a }} "open', OpenShellText),
        ("echo ${{ a }} `open", OpenShellText),
        ("echo $(echo ${{ a }}", OpenShellText),
        ("echo ${{ a }} )", OpenShellText),
        ("case x in x) echo ${{ a }}", OpenShellText),
        ("echo ${x ${{ a }}", OpenShellText),
        ("cat <<END ${{ a }}\nno end\n", OpenShellText),
        ("cat <<END ${{ a }}", OpenShellText),
        ("cat <<${{ a }}\nx\n", OpenShellText),
        ("echo $'a\\'b' ${{ a }}", OpenShellText),
        ("((a); (b)) ${{ a }}", OpenShellText),
        ('echo "${x:-"a"}" ${{ a }}', OpenShellText),
        ("( " * 60 + " ${{ a }} " + " )" * 60, OpenShellText),
    ],
)
def test_places_where_it_cannot(text: str, error: type[InputError]) -> None:
    problems = bound(text).problems
    assert error in [problem.error for problem in problems]
    for problem in problems:
        assert 0 <= problem.start < problem.end <= len(text)


def test_the_fix_is_in_the_hint() -> None:
    (problem,) = bound("echo '${{ params.x }}'").problems
    assert problem.hint is not None
    assert '"${{ params.x }}"' in problem.hint


def test_all_problems_come_at_once() -> None:
    text = "echo '${{ a }}' `${{ b }}` \\${{ c }} # ${{ d }}"
    assert [problem.error for problem in bound(text).problems] == [
        ExpressionInSingleQuotes,
        ExpressionInBackticks,
        ExpressionAfterEscape,
        ExpressionInComment,
    ]


def test_text_without_expressions_is_left_alone() -> None:
    text = "echo 'open ` $(( \" \\"
    assert bound(text) == ShellText(text)


# Each puts a value where a shell text may have one, and prints it between marks.
POSITIONS = [
    "printf '<%s>' ${{ a }}",
    "printf '<%s>' \"${{ a }}\"",
    "printf '<%s>' ''${{ a }}''",
    "x=${{ a }}; printf '<%s>' \"$x\"",
    'x=${{ a }} sh -c \'printf "<%s>" "$x"\'',
    "for i in ${{ a }}; do printf '<%s>' \"$i\"; done",
    "f() { printf '<%s>' \"$1\"; }; f ${{ a }}",
    "set -- ${{ a }}; printf '<%s>' \"$1\"",
    'sh -c \'printf "<%s>" "$1"\' sh ${{ a }}',
    "printf '<%s>' ${unset_variable:-${{ a }}}",
    "printf '<%s>' \"${unset_variable:-${{ a }}}\"",
    "printf '<%s>' \"${PATH+${{ a }}}\"",
    "case ${{ a }} in \"${{ a }}\") printf '<%s>' ${{ a }};; esac",
    "case ${{ a }} in ${{ a }}) printf '<%s>' \"${{ a }}\";; esac",
    "printf '<%s>' \"$(printf '%s.' ${{ a }})\" | sed '$s/\\.>$/>/'",
    "y=$(printf '%s.' \"${{ a }}\"); printf '<%s>' \"${y%.}\"",
    "z=pre${{ a }}; printf '<%s>' \"${z#pre}\"",
    'v=${{ a }}; w="${v%${{ a }}}"; printf \'<%s%s>\' "$w" "$v"',
    'v=x${{ a }}; printf \'<%s>\' "${v#"x"}"',
    "if [ ${{ a }} = \"${{ a }}\" ]; then printf '<%s>' ${{ a }}; fi",
    "{ printf '<%s>' ${{ a }}; }",
    "( printf '<%s>' ${{ a }} )",
    "printf '<'; cat <<END\n${{ a }}>\nEND",
    "printf '<'; cat <<-END\n${{ a }}>\n\tEND\n",
    "printf '<'; cat <<END\n$(printf '%s.' ${{ a }})>\nEND\n",
]
SPECIAL = [
    "$(touch owned)", "`touch owned`", "'; touch owned; '", '"; touch owned; "', "a[$(touch owned)]", "-n", "-e", "--",
    "\n", "\\", "\\n", "*", "~", "$HOME", "${HOME}", "!!", "END", "\nEND\ntouch owned\n", "x); touch owned;;", "#",
    "''", "-rf /", "=", "a=b", "%s%n", "\r\n", "\u00e9" * 9, "$((1+1))", ";;", "esac", "\t", " ", "\U0001f600",
]  # fmt: skip
VALUES = st.lists(
    st.sampled_from(SPECIAL) | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6),
    max_size=8,
).map("".join)


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("shell", SHELLS, ids="-".join)
def test_values_arrive_unchanged(shell: list[str], position: str, tmp_path: Path) -> None:
    text = bound(position)
    assert text.problems == ()

    # A process per example: each value packs several dangers, and few examples do.
    @settings(max_examples=6)
    @example("".join(SPECIAL))
    @example("-e")
    @given(VALUES)
    def arrives(value: str) -> None:
        printed = run(shell, text.text, {name: value for name, _ in text.bindings}, tmp_path)
        wanted = value
        if "$(printf '%s.' ${{ a }})" in position:
            wanted += "." if "cat" in position else ""
        assert printed.removesuffix(b"\n") == f"<{wanted}>".encode()
        assert os.listdir(tmp_path) == []

    arrives()


TOKENS = [
    *(["${{ a }}"] * 6), "'", "'", '"', '"', "`", "$(", ")", "(", "((", "))", "$((", "${x", "${x:-", "${x%", "${x#", "}",
    "\\", "\n", "\n", " ", " ", ";", "&&", "|", "#", "<<E\n", "<<'E'\n", "<<-E\n", "\nE\n", "E", "echo ", "case x in ",
    "x) ", ";; ", "esac", "[[ ", " ]]", "a[", "]=", "X=", "$", "$'", '$"', "$[", "eval ", "trap ", "let ", "sh -c ",
    "bash -c ", "declare -i ", "{ ", "; }", "if ", "then ", "fi", "<", ">/dev/null ", "<<<", "&", "1", "for i in ",
    "do ", "done", "test ", "[ ", " -eq 1 ]", "*", "~", "export ", "@",
]  # fmt: skip


def test_no_value_is_ever_run_whatever_the_text(tmp_path: Path) -> None:
    """Random shell texts: what is accepted runs no command that a value holds, in any shell."""
    chance = random.Random(20)
    accepted = 0
    while accepted < 40:
        text = "".join(chance.choice(TOKENS) for _ in range(chance.randint(2, 12))) + " ${{ a }}"
        found = bound(text)
        if found.problems:
            continue
        accepted += 1
        value = chance.choice(ATTACKS)
        for shell in SHELLS:
            run(shell, found.text, {name: value for name, _ in found.bindings}, tmp_path)
            assert not (tmp_path / "owned").exists(), (shell, text, value)
