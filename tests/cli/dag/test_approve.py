from __future__ import annotations

import getpass
import json
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from metaensemble import api
from metaensemble.cli.complete import questions
from metaensemble.schemas.errors import AlreadyAnswered, AnswerInvalid, NotOneAnswer, NotWaiting
from support.command_line import Answer, Shell
from support.program import path_with_me, run_sh

Write = Callable[[str], str]
ME = getpass.getuser()

PLAIN = """\
name: plain
outputs: {said: "${{ tasks.send.output }}"}
tasks:
  draft: {run: echo a draft}
  send: {approve: "Send ${{ tasks.draft.output }}?"}
  after: {run: echo sent, needs: [send]}
  always: {run: echo always, needs: {send: done}}
"""

TYPED = """\
tasks:
  ask:
    approve: Which release?
    input:
      type: object
      required: [version, loud]
      properties: {version: {type: string}, loud: {type: boolean}}
  use:
    run: echo "${{ tasks.ask.output.version }}"
    if: ${{ tasks.ask.output.loud }}
"""

CHOICES = """\
tasks:
  listed: {approve: Where to?, input: {enum: [staging, 2, null]}}
  titled: {approve: How?, input: {oneOf: [{const: fast, title: at once}, {const: slow}]}}
  free: {approve: How many?, input: {type: integer, minimum: 1}}
"""

MANY = """\
tasks:
  files: {run: "printf 'a b\\\\nc*\\\\nd'", output: {as: lines}}
  review: {each: "${{ tasks.files.output }}", as: file, key: "${{ file }}", approve: "Is ${{ file }} right?"}
  last: {approve: All of it?}
  join: {run: [echo, "${{ tasks.review.outputs | length }}"], needs: [last]}
"""


def paused(me: Shell, write: Write, text: str, *flags: str) -> str:
    """The id of a DAG run of `text` that waits for answers."""
    answer = me("dag", "run", write(text), "--json", "--quiet", *flags)
    assert answer.code == 4, answer.err
    return answer.json["dag_run_id"]


def states(me: Shell) -> dict[str, str]:
    return {node["id"]: node["state"] for node in me("dag", "status", "--json").json["nodes"]}


def reason(me: Shell, name: str) -> str:
    nodes = me("dag", "status", "--json").json["nodes"]
    return next(node["reason"] for node in nodes if node["id"] == name)


def refused(answer: Answer, code: str) -> str:
    """What was said of a refusal, on one line."""
    assert answer.code == 2, answer.err
    assert f"error[{code}]" in answer.err
    assert answer.out == ""
    return " ".join(answer.err.split())


def head(me: Shell) -> str:
    return me("ledger", "head").out


# Yes and no


def test_a_yes_lets_the_dag_run_go_on(me: Shell, write: Write) -> None:
    dag_run = paused(me, write, PLAIN)
    answer = me("dag", "approve", dag_run, "send", "--yes")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == f"send: yes\ngo on with: me dag resume {dag_run}\n"
    assert states(me)["after"] == "pending", "nothing runs without a Coordinator"
    report = me("dag", "resume", "--json", "--quiet").json
    assert (report["state"], report["outputs"]) == ("ok", {"said": True})
    assert reason(me, "send") == f"{ME} said yes"


def test_a_no_ends_the_node_rejected(me: Shell, write: Write) -> None:
    dag_run = paused(me, write, PLAIN)
    assert me("dag", "approve", dag_run[:20], "send", "--no").err.startswith("send: no\n")
    answer = me("dag", "resume")
    assert answer.code == 1
    assert f"failed send: rejected: {ME} said no" in answer.err
    assert states(me) == {"draft": "ok", "send": "failed", "after": "blocked", "always": "ok"}


def test_after_a_no_a_resume_asks_once_more(me: Shell, write: Write) -> None:
    dag_run = paused(me, write, PLAIN)
    me("dag", "approve", dag_run, "send", "--no")
    assert me("dag", "resume", "--quiet").code == 1
    assert me("dag", "resume", "--quiet").code == 4
    assert me("dag", "approve", dag_run, "send", "--yes").code == 0
    assert me("dag", "resume", "--quiet").code == 0
    assert states(me) == {"draft": "ok", "send": "ok", "after": "ok", "always": "ok"}


def test_json_tells_what_was_answered(me: Shell, write: Write) -> None:
    dag_run = paused(me, write, PLAIN)
    answer = me("dag", "approve", dag_run, "send", "--yes", "--json")
    assert answer.err == ""
    assert answer.json == {
        "dag_run_id": dag_run,
        "live": False,
        "answered": [
            {"node": "send", "generation": 0, "question": "Send a draft?", "answer": "yes", "value": True}
        ],
        "refused": [],
    }


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ((), "no answer was given"),
        (("--yes", "--no"), "2 answers were given"),
        (("--yes", "--answer", "1", "--option", "1"), "3 answers were given"),
    ],
)
def test_exactly_one_answer(flags: tuple[str, ...], said: str, me: Shell, write: Write) -> None:
    dag_run = paused(me, write, PLAIN)
    before = head(me)
    assert said in refused(me("dag", "approve", dag_run, "send", *flags), "ME575")
    assert head(me) == before


# Typed answers


def test_a_typed_answer_is_the_output(me: Shell, write: Write) -> None:
    dag_run = paused(me, write, TYPED)
    value = '{"version": "1.2", "loud": true}'
    answer = me("dag", "approve", dag_run, "ask", "--answer", value)
    assert answer.err.startswith('ask: yes, {"version": "1.2", "loud": true}\n')
    assert me("dag", "resume", "--quiet").code == 0
    assert me("dag", "logs", dag_run, "use").out == "1.2\n"
    nodes = me("dag", "status", "--json", "--outputs").json["nodes"]
    assert nodes[0]["output"] == json.loads(value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("{", "the answer is not JSON: "),
        ("", "the answer is not JSON: it is empty"),
        ('{"version": "1", "version": "2", "loud": true}', "the key `version` stands twice"),
        ("[]", "the answer for node `ask` breaks its schema: `$`: [] is not of type 'object'"),
        ('{"version": 1}', "`$.version`: 1 is not of type 'string'"),
        ('{"version": 1}', "`$`: 'loud' is a required property"),
    ],
)
def test_an_answer_that_breaks_its_schema(value: str, said: str, me: Shell, write: Write) -> None:
    dag_run = paused(me, write, TYPED)
    before = head(me)
    assert said in refused(me("dag", "approve", dag_run, "ask", "--answer", value), "ME573")
    assert head(me) == before
    assert states(me)["ask"] == "waiting"


def test_a_typed_question_takes_a_no(me: Shell, write: Write) -> None:
    dag_run = paused(me, write, TYPED)
    assert me("dag", "approve", dag_run, "ask", "--no").code == 0
    assert me("dag", "resume", "--quiet").code == 1
    assert states(me) == {"ask": "failed", "use": "blocked"}


@pytest.mark.parametrize(
    ("node", "number", "value"),
    [("listed", "1", "staging"), ("listed", "2", 2), ("listed", "3", None), ("titled", "2", "slow")],
)
def test_an_option_by_its_number(node: str, number: str, value: Any, me: Shell, write: Write) -> None:
    dag_run = paused(me, write, CHOICES)
    answer = me("dag", "approve", dag_run, node, "--option", number, "--json")
    assert answer.json["answered"][0]["value"] == value
    me("dag", "resume", "--quiet")
    nodes = {one["id"]: one for one in me("dag", "status", "--json", "--outputs").json["nodes"]}
    assert (nodes[node]["state"], nodes[node]["output"]) == ("ok", value)


@pytest.mark.parametrize(
    ("node", "flags", "said"),
    [
        (
            "listed",
            ("--yes",),
            'takes more than a yes hint: answer with `--option N`: 1 for "staging", 2 for 2',
        ),
        ("listed", ("--option", "4"), "has no option 4"),
        ("listed", ("--option", "0"), "has no option 0"),
        ("listed", ("--option", "-1"), "has no option -1"),
        ("free", ("--option", "1"), "lists no options"),
        ("free", ("--yes",), 'hint: answer with `--answer JSON` with what holds to {"minimum":1,'),
    ],
)
def test_the_wrong_kind_of_answer(
    node: str, flags: tuple[str, ...], said: str, me: Shell, write: Write
) -> None:
    dag_run = paused(me, write, CHOICES)
    assert said in refused(me("dag", "approve", dag_run, node, *flags), "ME574")


@pytest.mark.parametrize("flags", [("--answer", "true"), ("--option", "1")])
def test_a_yes_or_no_question_takes_no_value(flags: tuple[str, ...], me: Shell, write: Write) -> None:
    dag_run = paused(me, write, PLAIN)
    said = refused(me("dag", "approve", dag_run, "send", *flags), "ME574")
    assert "`send` is a yes or a no hint: answer with `--yes` or `--no`" in said


def test_a_large_answer_is_kept_whole(me: Shell, write: Write) -> None:
    dag_run = paused(me, write, "tasks:\n  ask: {approve: What?, input: {type: string}}\n")
    value = json.dumps("long " * 2000)
    assert me("dag", "approve", dag_run, "ask", "--answer", value).code == 0
    assert me("dag", "resume", "--quiet").code == 0
    nodes = me("dag", "status", "--json", "--outputs").json["nodes"]
    assert nodes[0]["output"] == "long " * 2000
    assert me("ledger", "verify").code == 0


# Which node


def test_a_glob_answers_all_that_wait_and_fit(me: Shell, write: Write) -> None:
    dag_run = paused(me, write, MANY)
    answer = me("dag", "approve", dag_run, "review[*]", "--yes")
    assert answer.code == 0
    lines = answer.err.splitlines()
    assert lines == [
        "review[a b]: yes", "review[c*]: yes", "review[d]: yes", f"go on with: me dag resume {dag_run}"
    ]  # fmt: skip
    assert me("dag", "resume", "--quiet").code == 4
    assert states(me)["last"] == "waiting"
    assert me("dag", "approve", dag_run, "l?st", "--yes").code == 0
    assert me("dag", "resume", "--quiet").code == 0
    assert me("dag", "logs", dag_run, "join").out == "3\n"


def test_an_exact_id_wins_over_a_glob(me: Shell, write: Write) -> None:
    dag_run = paused(me, write, MANY)
    assert me("dag", "approve", dag_run, "review[c*]", "--no").err.startswith("review[c*]: no\ngo on")


def test_brackets_stand_for_themselves(me: Shell, write: Write) -> None:
    dag_run = paused(me, write, MANY)
    said = refused(me("dag", "approve", dag_run, "revie[w]*", "--yes"), "ME572")
    assert "what waits: `last`, `review[a b]`, `review[c*]` and `review[d]`" in said


def test_with_a_glob_nothing_is_recorded_unless_all_take_the_answer(me: Shell, write: Write) -> None:
    dag_run = paused(me, write, CHOICES)
    before = head(me)
    answer = me("dag", "approve", dag_run, "*", "--option", "2")
    assert answer.code == 2
    assert "the question of node `free` lists no options" in answer.err
    assert head(me) == before
    assert me("dag", "approve", dag_run, "*t*ed", "--option", "2").err.splitlines()[:2] == [
        "listed: yes, 2", 'titled: yes, "slow"'
    ]  # fmt: skip


def test_all_that_is_wrong_is_said_at_once(me: Shell, write: Write) -> None:
    dag_run = paused(me, write, CHOICES)
    answer = me("dag", "approve", dag_run, "*", "--answer", '"x"')
    assert answer.code == 2
    assert answer.err.count("error[ME573]") == 3


@pytest.mark.parametrize(
    ("name", "hint"),
    [("sned", "did you mean `send`?"), ("other", "what waits: `send`"), ("s[en]d", "did you mean `send`?")],
)
def test_an_unknown_node(name: str, hint: str, me: Shell, write: Write) -> None:
    dag_run = paused(me, write, PLAIN)
    said = refused(me("dag", "approve", dag_run, name, "--yes"), "ME572")
    assert f"the DAG run has no node `{name}` hint: {hint}" in said


def test_a_glob_that_fits_nothing_that_waits(me: Shell, write: Write) -> None:
    dag_run = paused(me, write, PLAIN)
    said = refused(me("dag", "approve", dag_run, "dra*", "--yes"), "ME572")
    assert "no node that waits for an answer fits `dra*` hint: what waits: `send`" in said
    me("dag", "approve", dag_run, "send", "--yes")
    said = refused(me("dag", "approve", dag_run, "*", "--yes"), "ME572")
    assert "no node of this DAG run waits for an answer" in said


# What does not wait


def test_a_second_answer_is_told_the_first(me: Shell, write: Write) -> None:
    dag_run = paused(me, write, PLAIN)
    me("dag", "approve", dag_run, "send", "--yes")
    said = refused(me("dag", "approve", dag_run, "send", "--no"), "ME571")
    assert re.search(rf"node `send` was answered by `{ME}` at 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d: yes ", said)
    assert f"`me dag resume {dag_run}` takes it up" in said
    me("dag", "resume", "--quiet")
    said = refused(me("dag", "approve", dag_run, "send", "--yes"), "ME571")
    assert "shows what came of it" in said
    facts = me("dag", "approve", dag_run, "send", "--yes", "--json").json["errors"][0]["facts"]
    assert (facts["answer"], facts["value"], facts["by"], facts["generation"]) == ("yes", True, ME, 0)


def test_a_second_answer_is_told_the_value_of_the_first(me: Shell, write: Write) -> None:
    dag_run = paused(me, write, CHOICES)
    me("dag", "approve", dag_run, "free", "--answer", "7")
    assert ": yes: 7 hint" in refused(me("dag", "approve", dag_run, "free", "--answer", "8"), "ME571")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("draft", "it asks nothing hint: what waits: `send`"),
        ("after", "it asks nothing"),
    ],
)
def test_a_task_that_asks_nothing(name: str, said: str, me: Shell, write: Write) -> None:
    dag_run = paused(me, write, PLAIN)
    found = refused(me("dag", "approve", dag_run, name, "--yes"), "ME570")
    assert f"node `{name}` does not wait for an answer: {said}" in found


def test_a_question_that_was_not_put(me: Shell, write: Write) -> None:
    text = (
        "tasks:\n  a: {approve: A?}\n  b: {approve: B?, needs: [a]}\n  c: {approve: C?, if: '${{ false }}'}\n"
    )
    dag_run = paused(me, write, text)
    assert "it has not been reached" in refused(me("dag", "approve", dag_run, "b", "--yes"), "ME570")
    said = refused(me("dag", "approve", dag_run, "c", "--yes"), "ME570")
    assert "it is `skipped`: its condition was false" in said
    me("dag", "approve", dag_run, "a", "--no")
    me("dag", "resume", "--quiet")
    assert "it is `blocked`: because" in refused(me("dag", "approve", dag_run, "b", "--yes"), "ME570")


def test_a_group_says_that_its_members_ask(me: Shell, write: Write) -> None:
    dag_run = paused(me, write, MANY)
    said = refused(me("dag", "approve", dag_run, "review", "--yes"), "ME570")
    assert "its members ask: `review[*]`" in said


def test_a_cancelled_dag_run_waits_for_nobody(me: Shell, write: Write) -> None:
    dag_run = paused(me, write, PLAIN)
    assert me("dag", "cancel", dag_run).code == 0
    assert states(me) == {"draft": "ok", "send": "cancelled", "after": "cancelled", "always": "ok"}
    said = refused(me("dag", "approve", dag_run, "send", "--yes"), "ME570")
    assert "it is `cancelled`" in said


def test_a_question_behind_done_is_cancelled_too(me: Shell, write: Write) -> None:
    text = "tasks:\n  a: {run: exit 1}\n  tidy: {approve: Tidy?, needs: {a: done}}\n"
    dag_run = paused(me, write, text)
    answer = me("dag", "cancel", dag_run)
    assert f"DAG run {dag_run} is cancelled" in answer.err
    assert states(me) == {"a": "failed", "tidy": "cancelled"}


def test_an_unknown_dag_run(me: Shell, write: Write) -> None:
    paused(me, write, PLAIN)
    refused(me("dag", "approve", "ffff", "send", "--yes"), "ME537")


def test_before_anything_ran(me: Shell) -> None:
    answer = me("dag", "approve", "0", "send", "--yes")
    assert answer.code == 3
    assert "error[ME710]" in answer.err


def test_answers_that_came_too_late_are_told(me: Shell, write: Write) -> None:
    text = MANY.replace("needs: [last]", "needs: {review: {ok: 1}}").replace(" | length", "")
    text = text.replace('"${{ tasks.review.outputs }}"', "enough")
    dag_run = paused(me, write, text)
    answer = me("dag", "approve", dag_run, "review[*]", "--yes")
    assert answer.code == 0
    lines = answer.err.splitlines()
    assert lines[0] == "review[a b]: yes"
    assert lines[1].startswith(
        "not answered: node `review[c*]` does not wait any more: it is `skipped`: not needed"
    )
    answers = me("dag", "approve", dag_run, "review[d]", "--yes")
    assert "it is `skipped`: not needed" in refused(answers, "ME570")
    me("dag", "resume", "--quiet")
    found = states(me)
    assert (found["review[a b]"], found["review[c*]"], found["join"]) == ("ok", "skipped", "ok")


# Where it is told


def test_the_pause_names_the_question_and_the_commands(me: Shell, write: Write) -> None:
    answer = me("dag", "run", write(CHOICES))
    dag_run = api.status(None).dag_run_id
    assert answer.code == 4
    assert answer.err.partition("waiting for you:\n")[2] == (
        f"  listed: Where to?\n"
        f"    1: staging\n    2: 2\n    3: null\n"
        f"    me dag approve {dag_run} listed --option N\n"
        f"    me dag approve {dag_run} listed --no\n"
        f"  titled: How?\n"
        f"    1: fast\n    2: slow\n"
        f"    me dag approve {dag_run} titled --option N\n"
        f"    me dag approve {dag_run} titled --no\n"
        f"  free: How many?\n"
        f"    me dag approve {dag_run} free --answer JSON\n"
        f"    me dag approve {dag_run} free --no\n"
        f"go on with: me dag resume {dag_run}\n"
    )


def test_names_are_quoted_for_the_shell(me: Shell, write: Write) -> None:
    dag_run = paused(me, write, MANY)
    report = me("dag", "status", "--json").json
    assert f"me dag approve {dag_run} 'review[a b]' --yes" in report["waiting_for"]
    assert report["questions"][0] == {
        "node": "review[a b]",
        "generation": 0,
        "question": "Is a b right?",
        "input": None,
        "options": [],
        "commands": [
            f"me dag approve {dag_run} 'review[a b]' --yes",
            f"me dag approve {dag_run} 'review[a b]' --no",
        ],
    }


def test_the_printed_command_works_in_another_folder(
    me: Shell, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dag_run = paused(me, write, PLAIN)
    (tmp_path / "elsewhere" / ".metaensemble").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "elsewhere")
    said = me("-C", str(tmp_path), "dag", "status").out
    assert f"me -C {tmp_path} dag approve {dag_run} send --yes" in said
    answer = me("-C", str(tmp_path), "dag", "approve", dag_run, "send", "--yes")
    assert answer.err == f"send: yes\ngo on with: me -C {tmp_path} dag resume {dag_run}\n"


def test_status_shows_the_question_and_what_was_answered(me: Shell, write: Write) -> None:
    dag_run = paused(me, write, PLAIN)
    shown = me("dag", "status").out
    assert "reason: waits for an answer about `send`\n" in shown
    assert f"waiting for you:\n  send: Send a draft?\n    me dag approve {dag_run} send --yes\n" in shown
    assert reason(me, "send") == "Send a draft?"
    me("dag", "approve", dag_run, "send", "--yes")
    shown = me("dag", "status").out
    assert "reason: what it waited for is answered, and not taken up yet\n" in shown
    assert "waiting for you" not in shown
    assert reason(me, "send") == f"Send a draft? ({ME} said yes, which is not taken up yet)"


def test_a_pause_that_is_answered_in_part(me: Shell, write: Write) -> None:
    dag_run = paused(me, write, CHOICES)
    me("dag", "approve", dag_run, "titled", "--no")
    shown = me("dag", "status").out
    assert "reason: waits for an answer about `listed` and `free`\n" in shown
    assert "titled --no" not in shown


def test_many_questions_are_counted(me: Shell, write: Write) -> None:
    text = "tasks:\n  n: {run: 'seq 30', output: {as: lines}}\n  q: {each: '${{ tasks.n.output }}', approve: 'Well?'}\n"
    answer = me("dag", "run", write(text))
    dag_run = api.status(None).dag_run_id
    assert answer.err.count("--yes") == 20
    assert f"  and 10 more: me dag status {dag_run}\n" in answer.err
    assert "and 25 more" in answer.err.partition("reason: ")[2].splitlines()[0]
    assert len(api.status(None).questions) == 30


def test_lost_is_not_for_questions(me: Shell, write: Write) -> None:
    paused(me, write, PLAIN)
    answer = me("dag", "resume", "--lost", "send=rerun")
    assert answer.code == 2
    assert "node `send` does not wait for an answer about its attempt" in answer.err
    assert "hint: its question is answered by `me dag approve`" in answer.err


def test_a_question_is_put_to_a_person_also_in_a_replay(me: Shell, write: Write, tmp_path: Path) -> None:
    (tmp_path / "recorded.jsonl").write_text(
        '{"node": "draft", "outcome": "ok", "output": "a tale"}\n'
        '{"node": "after", "outcome": "ok"}\n{"node": "always", "outcome": "ok"}\n'
    )
    dag_run = paused(me, write, PLAIN, "--replay", "recorded.jsonl")
    assert reason(me, "send") == "Send a tale?"
    me("dag", "approve", dag_run, "send", "--yes")
    assert me("dag", "resume", "--replay", "recorded.jsonl", "--quiet").code == 0


def test_waiting_nodes_are_completed(me: Shell, write: Write) -> None:
    dag_run = paused(me, write, MANY)

    typed: Any = SimpleNamespace(params={"dag_run": dag_run[:10]})
    assert questions(typed, "rev") == [
        ("review[a b]", "Is a b right?"), ("review[c*]", "Is c* right?"), ("review[d]", "Is d right?")
    ]  # fmt: skip
    assert questions(typed, "zz") == []
    typed.params = {}
    assert questions(typed, "") == []


def test_the_shell_completes_them(me: Shell, write: Write, tmp_path: Path) -> None:
    dag_run = paused(me, write, MANY)
    words = ["me", "dag", "approve", dag_run, "la"]
    done = run_sh(
        "me",
        path=path_with_me(tmp_path / "bin"),
        cwd=tmp_path,
        _ME_COMPLETE="complete_bash",
        COMP_WORDS=" ".join(words),
        COMP_CWORD=str(len(words) - 1),
    )
    assert done.stdout.split() == ["last"]


# From a program


def test_the_programming_interface(me: Shell, write: Write, tmp_path: Path) -> None:
    dag_run = paused(me, write, TYPED)
    with pytest.raises(NotOneAnswer):
        api.approve(dag_run, "ask", cwd=tmp_path)
    with pytest.raises(AnswerInvalid) as broken:
        api.approve(dag_run, "ask", answer='{"version": 3}', cwd=tmp_path)
    assert [one["path"] for one in broken.value.facts["violations"]] == ["$.version", "$"]  # type: ignore[union-attr]
    with pytest.raises(NotWaiting):
        api.approve(dag_run, "ask", no=True, generation=1, cwd=tmp_path)
    found = api.approve(dag_run, "ask", answer='{"version": "3", "loud": false}', generation=0, cwd=tmp_path)
    assert (found.dag_run_id, found.live, found.refused) == (dag_run, False, ())
    assert found.answered[0].value == {"version": "3", "loud": False}
    with pytest.raises(AlreadyAnswered):
        api.approve(dag_run, "ask", no=True, cwd=tmp_path)
