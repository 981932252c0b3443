"""Texts with values that are handed from command to command: refused when the last one runs them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from metaensemble.schemas.errors import ExpressionInCode, ExpressionInEvaluatedText
from support.shells import ATTACKS, SHELLS, bound, run

PAIRS = [
    ("cat <<E | sh\nls ${{ a }}\nE", "cat <<E > f && sh f\nls ${{ a }}\nE"),
    ("cat <<E |\nls ${{ a }}\nE\nsh -s", "cat <<E\nls ${{ a }}\nE\nsh -s"),
    ("echo ${{ a }} | sh", "echo ${{ a }} | sh -c 'cat'"),
    ("echo ${{ a }} | sh -", "echo ${{ a }} | sh run.sh"),
    ("echo ${{ a }} |& sh", "echo ${{ a }} || sh"),
    ('printf "rm ${{ a }}" | tee log | sudo bash -x', 'printf "${{ a }}" | sudo tee log'),
    ("echo ${{ a }} | (cd x && sh)", "echo ${{ a }}; (cd x && sh)"),
    ("echo ${{ a }} | { read x; sh; }", "{ echo ${{ a }}; } > f; sh f"),
    ("{ echo a; echo ${{ a }}; } | sh", "{ curl ${{ a }}; } | sh"),
    ("if x; then echo ${{ a }}; fi | sh", "if x; then echo ${{ a }}; fi | cat"),
    ("for i in 1; do echo ${{ a }}; done | sh", "for i in ${{ a }}; do sh run.sh; done"),
    ("while read x; do sh; done <<E\n${{ a }}\nE", 'while read x; do sh f "$x"; done <<E\n${{ a }}\nE'),
    ("case x in x) echo ${{ a }};; esac | sh", "case ${{ a }} in a|sh) echo;; esac"),
    ("(echo ${{ a }}) 2>&1 | sh", "(cat ${{ a }}) | sh"),
    ('echo "$(echo ${{ a }})" | sh', 'echo "$(cat ${{ a }})" | sh'),
    ("curl x | echo ${{ a }} | sh", "curl -fsSL ${{ a }} | sh"),
    ("bash <<< ${{ a }}", "cat <<< ${{ a }}"),
    ("bash <<E\n${{ a }}\nE", "bash run.sh <<E\n${{ a }}\nE"),
    ("bash <<E\n$(echo ${{ a }})\nE", "bash <<E\n$(cat ${{ a }})\nE"),
    ("docker exec -i c bash <<E\n${{ a }}\nE", "docker exec -i c cat <<E\n${{ a }}\nE"),
    ("bash < <(echo ${{ a }})", "bash < ${{ a }}"),
    ("bash <(echo ${{ a }})", "bash <(curl ${{ a }})"),
    (". <(echo ${{ a }})", ". ${{ a }}"),
    ("source /dev/stdin <<< ${{ a }}", "source x <<< ${{ a }}"),
    ("echo ${{ a }} | tee >(sh)", "echo ${{ a }} | tee >(cat)"),
    ("echo ${{ a }} > >(bash)", "echo ${{ a }} > >(bash f)"),
    ("cat <(echo ${{ a }}) | sh", "diff <(echo ${{ a }}) <(sort ${{ b }})"),
    ('eval "$(echo ${{ a }})"', 'eval "$(direnv export ${{ a }})"'),
    ("sh -c \"$(printf 'ls %s' ${{ a }})\"", 'sh -c "$(cat ${{ a }})"'),
    ("echo ${{ a }} | xargs sh -c", "echo ${{ a }} | xargs -n1 sh -c 'echo \"$1\"' _"),
    ("echo ${{ a }} | xargs -I{} sh -c 'ls {}'", "echo ${{ a }} | xargs -I{} ls {}"),
    ("echo ${{ a }} | xargs -I % ssh host ls %", "echo ${{ a }} | xargs -I % ssh % ls"),
    ("echo ${{ a }} | xargs ssh host", "echo ${{ a }} | xargs sh"),
    ("ssh host <<E\nls ${{ a }}\nE", "ssh host 'cat > f' <<E\n${{ a }}\nE"),
    ("printf %s ${{ a }} | ssh host 'cd x && sh'", "printf %s ${{ a }} | ssh host 'x=$(cat); ls \"$x\"'"),
    ("echo ${{ a }} | at now", "echo ${{ a }} | at -f x now"),
    ("echo ${{ a }} | parallel", "echo ${{ a }} | parallel ls"),
    ("python3 <<E\nprint(${{ a }})\nE", "python3 run.py <<E\n${{ a }}\nE"),
    ("python3 - <<E\nprint(${{ a }})\nE", "python3 -c 'x' <<E\n${{ a }}\nE"),
    ("cat <<E | python3\nprint(${{ a }})\nE", "cat <<E | python3 -m json.tool\n${{ a }}\nE"),
    ("echo ${{ a }} | crontab -", "echo ${{ a }} | cat -"),
    ("awk -f - <<E\n${{ a }}\nE", "awk '{ print }' <<E\n${{ a }}\nE"),
    ("echo $(( $(echo ${{ a }}) + 1 ))", "echo $(( $(cat ${{ a }}) + 1 ))"),
    ("[[ $(echo ${{ a }}) -eq 1 ]]", "[[ $(cat ${{ a }}) -eq 1 ]]"),
]


@pytest.mark.parametrize(("refused", "allowed"), PAIRS)
def test_text_that_is_run_in_the_end_is_refused(refused: str, allowed: str) -> None:
    problems = bound(refused).problems
    assert {problem.error for problem in problems} <= {ExpressionInCode, ExpressionInEvaluatedText}
    assert problems
    assert bound(allowed).problems == ()


def test_each_expression_is_told_once() -> None:
    problems = bound("echo ${{ a }} ${{ b }} | tee x | sh | bash").problems
    assert [problem.start for problem in problems] == [5, 14]
    assert "goes into `sh`" in problems[0].message


TOKENS = [
    *(["${{ a }}", '"x ${{ a }}"'] * 5), *([" | ", "; ", "\n", " "] * 3), " && ", " || ", " |& ", "& ", "echo ", "echo ",
    "printf %s ", "cat ", "tee log ", "cat <<E ", "\nE\n", "<<< ", "< <(", "<(", ">(", "$(", '"$(', ')"', ")", "( ",
    "{ ", "; }", "if ", "; then ", "; fi", "sh ", "bash -s ", "sh run ", "sh -c ", "'cat'", " -- ", "eval ", "env ",
    "command ", "builtin ", "exec ", "nice ", "xargs ", "xargs -I{} ", "'{}'", ". ", "/dev/stdin ", "-c ", "x ", "x=(",
    "[", "]=", "$((", "))", "read ", "unset ", "declare ", "function f { ", "! ", "time -p ",
]  # fmt: skip


def test_no_value_is_ever_run_whatever_the_pipes(tmp_path: Path) -> None:
    """Random shell texts: what is accepted runs no command that a value holds, in any shell."""
    chance = random.Random(7)
    accepted = 0
    while accepted < 30:
        text = "echo ${{ a }}" + "".join(chance.choice(TOKENS) for _ in range(chance.randint(1, 8)))
        found = bound(text)
        if found.problems:
            continue
        accepted += 1
        value = chance.choice([*ATTACKS, "touch owned"])
        for shell in SHELLS:
            run(shell, found.text, {name: value for name, _ in found.bindings}, tmp_path)
            assert not (tmp_path / "owned").exists(), (shell, text, value)
