"""Values in code: what further programs would run is refused, and the nearest harmless text is not."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from metaensemble.schemas.errors import ExpressionInCode, ExpressionInEvaluatedText, OpenShellText
from metaensemble.tasks.shell_code import code_at, code_on_input
from support.shells import SHELLS, bound, run

PAIRS = [
    # Each refused text, and the nearest one that hands the same value on as data.
    ('sh -c "echo ${{ a }}"', "sh -c 'echo \"$1\"' sh ${{ a }}"),
    ("bash -ec 'echo' -- ${{ a }} | cat; bash -ec ${{ a }}", 'bash -ec \'echo "$1"\' _ "${{ a }}"'),
    ("/bin/dash -c ${{ a }}", "/bin/dash run.sh -c ${{ a }}"),
    ("bash --rcfile f -c ${{ a }}", "bash --rcfile ${{ a }} -c 'ls'"),
    ('sh \\\n  -c "echo ${{ a }}"', "sh \\\n  -c 'echo \"$1\"' sh \\\n  ${{ a }}"),
    ("nsenter -t 1 -m bash -c ${{ a }}", "useradd -s /bin/bash -c ${{ a }} name"),
    ('zsh -lc "x ${{ a }}"', "zsh run.zsh ${{ a }}"),
    ("fish --command=${{ a }}", "fish -c 'ls' ${{ a }}"),
    ('busybox sh -c "x ${{ a }}"', "busybox ls ${{ a }}"),
    ('$SHELL -c "ls ${{ a }}"', "$SHELL ${{ a }}"),
    ('"${SHELL:-/bin/sh}" -lc "ls ${{ a }}"', '"${SHELL:-/bin/sh}" run.sh ${{ a }}'),
    ('env X=1 sh -c "echo ${{ a }}"', "env X=${{ a }} sh -c 'echo \"$X\"'"),
    ('nice -n 5 sh -c "echo ${{ a }}"', "nice -n ${{ a }} ls"),
    ('timeout -k 3 5 sh -c "echo ${{ a }}"', "timeout ${{ a }} sh -c 'ls'"),
    ('sudo -u www sh -c "echo ${{ a }}"', "sudo -u ${{ a }} ls ${{ b }}"),
    ('nohup setsid exec sh -c "echo ${{ a }}"', "exec ls ${{ a }}"),
    ('docker run --rm image sh -c "echo ${{ a }}"', "docker run --name bash -e X=${{ a }} image"),
    ('find . -exec sh -c "x ${{ a }}" \\;', "find . -exec sh -c 'x \"$1\"' _ {} \\; -newer ${{ a }}"),
    ('xargs -I{} sh -c "x ${{ a }}"', "xargs grep ${{ a }}"),
    ("xargs sh -c ${{ a }}", "xargs sh -c 'echo \"$@\"' _ ${{ a }}"),
    ('grep x f && sh -c "echo ${{ a }}"', "grep sh -c ${{ a }}"),
    ("exec sh -c ${{ a }}", "echo sh -c ${{ a }}"),
    # What a shell has built in.
    ("command -p eval ${{ a }}", "command -v ${{ a }}"),
    ("builtin -- eval ${{ a }}", "builtin echo ${{ a }}"),
    ("time -p eval ${{ a }}", "time -p ls ${{ a }}"),
    ("coproc eval ${{ a }}", "coproc ls ${{ a }}"),
    ("coproc { eval ${{ a }}; }", "coproc { ls ${{ a }}; }"),
    ("coproc name { eval ${{ a }}; }", "coproc name { ls ${{ a }}; }"),
    ("function f { eval ${{ a }}; }; f", "function f { echo ${{ a }}; }; f"),
    ("eval <(true) ${{ a }}", "cat <(true) ${{ a }}"),
    ('eval ${x:-"${{ a }}"}', 'echo ${x:-"${{ a }}"}'),
    ("trap -- ${{ a }} EXIT", "trap 'rm x' ${{ a }}"),
    ("mapfile -C ${{ a }} -c 1 lines", "mapfile -n ${{ a }} lines"),
    # What a shell evaluates.
    ("echo $(( ${x:-${{ a }}} + 1 ))", "echo $(( x + 1 )) ${{ a }}"),
    ("[[ ${x:-${{ a }}} -eq 1 ]]", "[ ${x:-${{ a }}} -eq 1 ]"),
    ("[[ (${{ a }} -eq 1) ]]", "[[ (1 -eq 1) ]] && echo ${{ a }}"),
    ("x=([${{ a }}]=1)", "x=([0]=${{ a }})"),
    ("x=(1\n[${{ a }}]=1)", "x=(1\n${{ a }})"),
    ("declare -i x=(1) y=${{ a }}", "declare -r x=(1) y=${{ a }}"),
    ("declare -a x=${{ a }}", "declare x=${{ a }}"),
    ("local ${{ a }}=1", "export ${{ a }}"),
    ("read -r ${{ a }}", "read -p ${{ a }} x"),
    ("unset ${{ a }}", "unset x; echo ${{ a }}"),
    ("printf -v ${{ a }} x", "printf -v x %s ${{ a }}"),
    ("[ -v ${{ a }} ]", "[ -n ${{ a }} ]"),
    # Other machines, other users, other times.
    ("ssh host ls ${{ a }}", "ssh ${{ a }} ls"),
    ("ssh -p 22 host -v ${{ a }}", "ssh -p ${{ a }} host ls"),
    ('ssh -o "ProxyCommand=nc ${{ a }} 22" host', "ssh -o Port=${{ a }} host"),
    ("timeout 9 ssh host ls ${{ a }}", "systemctl restart ssh ${{ a }}"),
    ('su root -c "ls ${{ a }}"', "su ${{ a }} -c 'ls'"),
    ('su - --command="ls ${{ a }}" root', "su root -c 'ls \"$1\"' -- sh ${{ a }}"),
    ('sg wheel -c "ls ${{ a }}"', "sg ${{ a }} -c 'ls'"),
    ("watch ls ${{ a }}", "watch -x ls ${{ a }}"),
    ('watch -n 2 "ls ${{ a }}"', "watch -n ${{ a }} ls"),
    ('env -S "ls ${{ a }}"', "env -u ${{ a }} ls"),
    ('env --split-string="ls ${{ a }}"', "env --unset=${{ a }} ls"),
    ('flock f -c "ls ${{ a }}"', "flock ${{ a }} ls ${{ b }}"),
    ('script -qc "ls ${{ a }}" /dev/null', "script -qc 'ls' ${{ a }}"),
    ('parallel "ls ${{ a }}" ::: b', "parallel ls ::: ${{ a }}"),
    ("parallel ::: ${{ a }}", "parallel -j ${{ a }} ls ::: b"),
    # Other languages.
    ('python3.11 -Ic "print(${{ a }})"', "python3.11 -Ic 'import sys' ${{ a }}"),
    ('python3 "-cprint(${{ a }})"', "python3 run.py -c ${{ a }}"),
    ("timeout $limit python3 -c ${{ a }}", "python3 -m pytest -c ${{ a }}"),
    ('docker run image python -c "print(${{ a }})"', "pip install --python python -e ${{ a }}"),
    ('perl -i.bak -pe "s/x/${{ a }}/" f', "perl -i.bak -pe 's/x/y/' ${{ a }}"),
    ('perl -lane "print ${{ a }}" f', "perl -Ilib run.pl -e ${{ a }}"),
    ('ruby -rjson -e "puts ${{ a }}"', "ruby -r ${{ a }} run.rb"),
    ("node -p ${{ a }}", "node run.js -p ${{ a }}"),
    ("docker run --rm node --eval=${{ a }}", "docker run --name node -e X=${{ a }} image"),
    ('php -r "echo ${{ a }};"', "php run.php -r ${{ a }}"),
    ('lua5.4 -e "print(${{ a }})"', "lua5.4 run.lua ${{ a }}"),
    ('awk -F: "{ print ${{ a }} }" f', "awk -F ${{ a }} '{ print $1 }' ${{ b }}"),
    ("gawk --source=${{ a }}", "gawk -v x=${{ a }} -f ${{ b }}"),
    ("env -i awk ${{ a }}", "grep awk ${{ a }}"),
    ('sed "s/x/${{ a }}/" f', "sed 's/x/y/' ${{ a }}"),
    ("sed -n -e ${{ a }}p f", "sed -n -e 1p ${{ a }}"),
    ("sed -i '' \"s/x/${{ a }}/\" f", "sed -i '' 's/x/y/' ${{ a }}"),
    ('sed "s/x/${{ a }}/" --sandbox f', 'sed --sandbox "s/x/${{ a }}/" f'),
]


@pytest.mark.parametrize(("refused", "allowed"), PAIRS)
def test_code_is_refused_and_the_nearest_data_is_not(refused: str, allowed: str) -> None:
    problems = bound(refused).problems
    assert {problem.error for problem in problems} <= {ExpressionInCode, ExpressionInEvaluatedText}
    assert problems
    assert bound(allowed).problems == ()


@pytest.mark.parametrize("refused", [refused for refused, _ in PAIRS])
def test_the_fix_in_the_hint_is_itself_accepted(refused: str) -> None:
    for problem in bound(refused).problems:
        for fix in re.findall(r"`([^`]*\$\{\{ [^…`]*)`", problem.hint or ""):
            assert bound(fix).problems == (), fix


def test_a_word_behind_a_redirection_about_which_shells_disagree() -> None:
    (problem,) = bound("eval &> log ${{ a }}").problems
    assert problem.error is OpenShellText
    assert "`&>`" in problem.message
    assert bound("eval x &> ${{ a }}").problems == ()
    assert bound("ls ${{ a }} &> log").problems == ()


def test_an_operator_that_goes_on_in_the_next_line() -> None:
    (problem,) = bound("sh <\\\n<E\n${{ a }}\nE").problems
    assert problem.error is OpenShellText
    assert "inside an operator" in problem.message
    assert bound("ls |\\\n  grep ${{ a }} &&\\\n  ls").problems == ()
    assert bound("ls a\\\n${{ a }}").text == 'ls a\\\n"${ME_X_1}"'


def test_what_names_no_program_is_data() -> None:
    assert code_at([], "") is None
    assert code_at(["\0"], "") is None
    assert code_at(["", "-c"], "") is None
    assert code_on_input([]) is None
    assert code_on_input(["\0", "x"]) is None


COMMAND = "$(touch owned); `touch owned`; touch owned; "
SUBSCRIPT = "x[$(touch owned)]"
WARRANTED = [
    # Texts that are refused, with the value that is run when one puts it in all the same.
    ("sh", 'sh -c "echo ${{ a }}"', COMMAND),
    ("sh", 'eval "echo ${{ a }}"', COMMAND),
    ("sh", 'command -p eval "echo ${{ a }}"', COMMAND),
    ("sh", 'trap "echo ${{ a }}" EXIT', COMMAND),
    ("sh", 'nice env X=1 sh -ec "echo ${{ a }}"', COMMAND),
    ("sh", 'find . -prune -exec sh -c "echo ${{ a }}" \\;', COMMAND),
    ("sh", "cat <<E | sh\necho ${{ a }}\nE", COMMAND),
    ("sh", 'echo "echo ${{ a }}" | { cat | sh -s; }', COMMAND),
    ("sh", 'echo "${{ a }}" | xargs -I{} sh -c "{}"', COMMAND),
    ("sh", 'eval "$(printf %s "${{ a }}")"', COMMAND),
    ("sh", ". /dev/stdin <<E\n${{ a }}\nE", COMMAND),
    ("sh", 'awk "BEGIN { print ${{ a }} }"', 'system("touch owned")'),
    ("perl", 'perl -e "print ${{ a }}"', 'system("touch owned")'),
    ("python3", 'python3 -c "print(${{ a }})"', '__import__("os").system("touch owned")'),
    ("bash", 'bash <<< "echo ${{ a }}"', COMMAND),
    ("bash", '. <(echo "${{ a }}")', COMMAND),
    ("bash", 'eval <(true) "${{ a }}"', f"; {COMMAND}"),
    ("bash", 'function f { eval "${{ a }}"; }; f', COMMAND),
    ("bash", 'eval &> log "${{ a }}"', COMMAND),
    ("bash", 'read "${{ a }}" <<< x', SUBSCRIPT),
    ("bash", 'printf -v "${{ a }}" x', SUBSCRIPT),
    ("bash", 'x=(1); unset "${{ a }}"', SUBSCRIPT),
    ("bash", 'declare "${{ a }}=1"', SUBSCRIPT),
    ("bash", 'declare -a x="${{ a }}"', "($(touch owned))"),
    ("bash", '[ -v "${{ a }}" ]', SUBSCRIPT),
    ("bash", 'x=(["${{ a }}"]=1)', SUBSCRIPT),
    ("bash", "echo $(( ${y:-${{ a }}} + 1 ))", SUBSCRIPT),
    ("bash", "[[ (${{ a }} -eq 1) ]]", SUBSCRIPT),
]


@pytest.mark.parametrize(
    ("program", "text", "value"),
    [row for row in WARRANTED if shutil.which(row[0])],
    ids=lambda part: part[:30],
)
def test_what_is_refused_would_be_run(program: str, text: str, value: str, tmp_path: Path) -> None:
    assert bound(text).problems
    shell = ["bash"] if program == "bash" else ["sh"]
    run(shell, text.replace("${{ a }}", "${V}"), {"V": value}, tmp_path)
    assert (tmp_path / "owned").exists()


HARMLESS = [
    'sh -c \'printf "<%s>" "$1"\' sh ${{ a }}',
    'env X=${{ a }} sh -c \'printf "<%s>" "$X"\'',
    'nice -n 0 sh -ec \'printf "<%s>" "$1"\' -- ${{ a }}',
    'X=${{ a }} awk \'BEGIN { printf "<%s>", ENVIRON["X"] }\'',
    'find . -prune -exec sh -c \'printf "<%s>" "$1"\' _ ${{ a }} \\;',
    'x=${{ a }}; eval \'printf "<%s>" "$x"\'',
    'x=${{ a }}; trap \'printf "<%s>" "$x"\' EXIT',
    "command -p printf '<%s>' ${{ a }}",
    "printf %s ${{ a }} | sh -c 'printf \"<%s>\" \"$(cat; echo .)\"' | sed '$s/\\.>$/>/'",
    "sh -s ${{ a }} <<'E'\nprintf '<%s>' \"$1\"\nE",
]


@pytest.mark.parametrize("text", HARMLESS)
@pytest.mark.parametrize("shell", SHELLS, ids="-".join)
def test_what_is_accepted_runs_nothing(shell: list[str], text: str, tmp_path: Path) -> None:
    found = bound(text)
    assert found.problems == ()
    for value in (COMMAND, SUBSCRIPT, "'; touch owned; '", '"; touch owned; "', "touch owned"):
        printed = run(shell, found.text, {name: value for name, _ in found.bindings}, tmp_path)
        assert printed.removesuffix(b"\n") in (f"<{value}>".encode(), f"<{value}\n>".encode())
        assert list(tmp_path.iterdir()) == []
