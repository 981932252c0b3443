"""`approve:` tasks through `api`: run until somebody is asked, answer, resume."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from metaensemble import api
from metaensemble.engine.ledger import Ledger
from metaensemble.schemas.errors import AlreadyAnswered, NotWaiting
from metaensemble.schemas.report import Report


class Asked:
    """A DAG run of a graph in a project of its own."""

    def __init__(self, root: Path, text: str, **files: str) -> None:
        self.root = root
        (root / ".metaensemble").mkdir()
        for name, content in {"graph": text, **files}.items():
            (root / f"{name}.yaml").write_text(content)
        self.report = api.run(root / "graph.yaml", environ=None)

    @property
    def dag_run(self) -> str:
        return self.report.dag_run_id

    def answer(self, node: str, **how: Any) -> api.ApproveAnswer:
        return api.approve(self.dag_run, node, cwd=self.root, **(how or {"yes": True}))

    def go_on(self) -> Report:
        self.report = api.resume(self.dag_run, cwd=self.root)
        return self.report

    def status(self) -> Report:
        return api.status(self.dag_run, cwd=self.root, outputs=True)

    def states(self) -> dict[str, str]:
        return {node.id: node.state for node in self.status().nodes}

    def outputs(self) -> dict[str, Any]:
        return {node.id: node.output for node in self.status().nodes if not node.is_group}

    def questions(self) -> dict[str, str]:
        return {one.node: one.question for one in self.status().questions}

    def generations(self) -> dict[str, int]:
        return {node.id: node.generation for node in self.status().nodes}

    def log(self) -> list[str]:
        file = self.root / "log"
        return file.read_text().split() if file.exists() else []

    def check(self) -> None:
        with Ledger.open(self.root / ".metaensemble" / "state") as ledger:
            assert ledger.verify().is_clean


Ask = Callable[..., Asked]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    def asked(text: str, **files: str) -> Asked:
        return Asked(tmp_path, text, **files)

    return asked


# Where it stands in a graph


def test_who_waits_takes_no_slot(ask: Ask) -> None:
    found = ask(
        "concurrency: {max: 1}\n"
        "tasks:\n"
        "  first: {approve: First?}\n"
        "  second: {approve: Second?}\n"
        "  work: {run: echo done}\n"
        "  more: {run: echo more, needs: [work]}\n"
    )
    assert found.states() == {"first": "waiting", "second": "waiting", "work": "ok", "more": "ok"}
    assert found.report.state == "paused"


SHOWS = """\
params: {who: {default: ann}}
tasks:
  count:
    run: |
      echo '{"files": [1, 2]}'
    output: {as: json}
  ask:
    approve: "${{ params.who }}: ${{ tasks.count.output.files | length }} in ${{ tasks.count.output }}?"
"""


def test_a_question_shows_outputs_and_parameters(ask: Ask) -> None:
    assert ask(SHOWS).questions() == {"ask": 'ann: 2 in {"files":[1,2]}?'}


TAKEN = """\
tasks:
  ask: {approve: Well?}
  done:
    needs: {ask: done}
    run: echo "it is ${{ tasks.ask.status }}"
  failed: {run: echo no, needs: {ask: failed}}
  ok: {run: echo yes, needs: [ask]}
"""


def test_consumers_that_take_any_end(ask: Ask) -> None:
    found = ask(TAKEN)
    found.answer("ask", no=True)
    assert found.go_on().state == "failed", "`ok` did not take it knowingly"
    assert found.states() == {"ask": "failed", "done": "ok", "failed": "ok", "ok": "blocked"}
    assert found.outputs()["done"] == "it is failed"


def test_a_no_that_everybody_takes_knowingly_spoils_nothing(ask: Ask) -> None:
    found = ask("tasks:\n  ask: {approve: Well?}\n  else: {run: echo no, needs: {ask: failed}}\n")
    found.answer("ask", no=True)
    assert found.go_on().state == "ok"


def test_a_question_for_each_item(ask: Ask) -> None:
    found = ask(
        "tasks:\n"
        "  names: {run: 'printf \"a\\\\nb\\\\nc\"', output: {as: lines}}\n"
        "  ask:\n"
        "    each: ${{ tasks.names.output }}\n"
        "    as: name\n"
        "    key: ${{ name }}\n"
        "    approve: Take ${{ name }}?\n"
        "    input: {enum: [little, much]}\n"
        "  join:\n"
        "    needs: {ask: {ok: 2}}\n"
        "    run: echo ok\n"
    )
    assert found.questions() == {"ask[a]": "Take a?", "ask[b]": "Take b?", "ask[c]": "Take c?"}
    found.answer("ask[b]", no=True)
    found.answer("ask[?]", option=2)
    assert found.go_on().state == "ok"
    assert found.outputs() == {
        "names": ["a", "b", "c"], "ask[a]": "much", "ask[b]": None, "ask[c]": "much", "join": "ok"
    }  # fmt: skip
    found.check()


def test_a_question_in_every_round(ask: Ask) -> None:
    found = ask(
        "tasks:\n"
        "  guess:\n"
        "    approve: Round ${{ repeat.index }}, which number?\n"
        "    input: {type: integer}\n"
        "    repeat: {until: '${{ repeat.last.output > 2 }}', max: 5}\n"
    )
    for number in (1, 2, 3):
        assert found.questions() == {f"guess#{number}": f"Round {number}, which number?"}
        found.answer("guess#*", answer=str(number))
        found.go_on()
    assert found.report.state == "ok"


def test_a_question_in_a_sub_graph(ask: Ask) -> None:
    inner = (
        "name: inner\n"
        "params: {what: {}}\n"
        "outputs: {chosen: '${{ tasks.ask.output }}'}\n"
        "tasks:\n"
        "  draft: {run: 'echo draft >> log; wc -l < log'}\n"
        "  ask:\n"
        '    approve: "${{ params.what }} number ${{ tasks.draft.output | trim }}?"\n'
        "    input: {enum: [x, y]}\n"
        "    rewind_to: draft\n"
    )
    outer = (
        "tasks:\n"
        "  names: {run: 'printf \"a\\\\nb\"', output: {as: lines}}\n"
        "  build:\n"
        "    each: ${{ tasks.names.output }}\n"
        "    as: name\n"
        "    key: ${{ name }}\n"
        "    graph: inner.yaml\n"
        "    with: {what: '${{ name }}'}\n"
        "  show: {run: [echo, \"${{ tasks.build.outputs | map(attribute='output') | list }}\"]}\n"
    ).replace(" | list", "")
    found = ask(outer, inner=inner)
    assert set(found.questions()) == {"build[a]/ask", "build[b]/ask"}
    found.answer("build[a]/*", no=True)
    found.answer("build[b]/ask", option=1)
    assert found.go_on().state == "paused"
    assert list(found.questions()) == ["build[a]/ask"]
    assert found.log() == ["draft"] * 3
    found.answer("*/ask", option=2)
    assert found.go_on().state == "ok"
    assert found.outputs()["show"] == '[{"chosen":"y"},{"chosen":"x"}]'
    assert found.generations()["build[a]/draft"] == 1
    found.check()


# Sent back

LOOP = """\
outputs: {last: "${{ tasks.use.output }}"}
tasks:
  before: {run: echo before >> log}
  draft:
    needs: [before]
    run: echo draft >> log; grep -c draft log
  polish: {run: "echo polish >> log; echo polished ${{ tasks.draft.output }}"}
  ask:
    approve: Is ${{ tasks.polish.output }} good?
    rewind_to: draft
  use: {run: "echo use >> log; echo ${{ tasks.polish.output }}", needs: [ask]}
"""


def test_sent_back_twice_in_a_row(ask: Ask) -> None:
    found = ask(LOOP)
    for number in (1, 2):
        assert found.questions() == {"ask": f"Is polished {number} good?"}
        found.answer("ask", no=True)
        assert found.go_on().state == "paused"
    found.answer("ask")
    report = found.go_on()
    assert (report.state, report.outputs) == ("ok", {"last": "polished 3"})
    assert found.log() == ["before", *["draft", "polish"] * 3, "use"]
    assert found.generations() == {"before": 0, "draft": 2, "polish": 2, "ask": 2, "use": 2}
    earlier = [(node.id, node.generation, node.state) for node in found.status().earlier]
    assert [one for one in earlier if one[0] in ("draft", "ask")] == [
        ("draft", 0, "ok"), ("draft", 1, "ok"), ("ask", 0, "failed"), ("ask", 1, "failed")
    ]  # fmt: skip
    assert next(node.reason for node in found.status().earlier if node.id == "ask").startswith("rejected: ")
    found.check()


def test_what_was_sent_back_asks_again_only_when_it_is_done(ask: Ask) -> None:
    found = ask(LOOP)
    found.answer("ask", no=True)
    assert found.questions() == {}
    with pytest.raises(AlreadyAnswered) as second:
        found.answer("ask")
    assert second.value.hint == "the node is made anew, and its next question has not been put yet"


def test_an_answer_to_work_that_was_sent_back_meanwhile(ask: Ask) -> None:
    found = ask(
        "tasks:\n"
        "  draft: {run: echo draft >> log}\n"
        "  one: {approve: One?, needs: [draft], rewind_to: draft}\n"
        "  two: {approve: Two?, needs: [draft]}\n"
    )
    assert set(found.questions()) == {"one", "two"}
    found.answer("one", no=True)
    assert found.questions() == {}, "its question is void"
    with pytest.raises(NotWaiting, match="`two` does not wait for an answer: it has not been"):
        found.answer("two")
    found.go_on()
    assert found.generations() == {"draft": 1, "one": 1, "two": 1}
    assert [found.answer(name).answered[0].generation for name in ("one", "two")] == [1, 1]
    assert found.go_on().state == "ok"
    found.check()


def test_of_two_answers_in_one_glob_the_first_may_void_the_second(ask: Ask) -> None:
    found = ask(
        "tasks:\n"
        "  draft: {run: echo draft >> log}\n"
        "  one: {approve: One?, needs: [draft], rewind_to: draft}\n"
        "  two: {approve: Two?, needs: [draft]}\n"
    )
    answer = found.answer("*", no=True)
    assert [one.node for one in answer.answered] == ["one"]
    assert [error.message for error in answer.refused] == [
        "node `two` does not wait any more: its work was sent back by the answer to another question"
    ]
    found.go_on()
    assert found.states() == {"draft": "ok", "one": "waiting", "two": "waiting"}
    found.answer("*", yes=True)
    assert found.go_on().state == "ok", "the void answer counted for nothing"


GROWS = """\
tasks:
  draft: {run: "echo draft >> log; seq $((4 - $(grep -c draft log)))", output: {as: lines}}
  part:
    each: ${{ tasks.draft.output }}
    as: number
    key: ${{ number }}
    run: echo part-${{ number }} >> log; echo "part ${{ number }}"
  ask: {approve: "${{ tasks.part.outputs | length }} parts?", rewind_to: draft}
  use: {run: [echo, "${{ tasks.part.outputs | map(attribute='output') | join(', ') }}"], needs: [ask]}
"""


def test_a_fan_out_that_grows_differently_the_second_time(ask: Ask) -> None:
    found = ask(GROWS)
    for number in (3, 2):
        assert found.questions() == {"ask": f"{number} parts?"}
        found.answer("ask", no=True)
        found.go_on()
    assert found.questions() == {"ask": "1 parts?"}
    found.answer("ask")
    assert found.go_on().state == "ok"
    assert found.outputs()["use"] == "part 1"
    assert [node.id for node in found.status().nodes] == ["draft", "part", "part[1]", "ask", "use"]
    assert sorted(found.log()) == sorted(["draft"] * 3 + ["part-1"] * 3 + ["part-2"] * 2 + ["part-3"])
    assert found.generations()["part[1]"] == 2
    found.check()


def test_a_question_for_each_item_is_put_anew_when_sent_back(ask: Ask) -> None:
    found = ask(
        "tasks:\n"
        "  draft: {run: \"echo draft >> log; printf 'a\\\\nb'\", output: {as: lines}}\n"
        "  item: {each: '${{ tasks.draft.output }}', as: it, key: '${{ it }}', approve: '${{ it }}?'}\n"
        "  ask: {approve: All?, needs: [draft], rewind_to: draft}\n"
    )
    found.answer("item[a]")
    found.answer("ask", no=True)
    found.go_on()
    assert set(found.questions()) == {"ask", "item[a]", "item[b]"}
    found.answer("*")
    assert found.go_on().state == "ok"
    found.check()


def test_a_small_output_takes_the_place_of_a_large_one(ask: Ask) -> None:
    found = ask(
        "tasks:\n"
        "  draft:\n"
        "    run: |\n"
        "      echo draft >> log\n"
        "      test $(wc -l < log) -gt 1 && echo small || yes much | head -n 5000\n"
        "  ask: {approve: Good?, needs: [draft], rewind_to: draft}\n"
        '  use: {run: [echo, "${{ tasks.draft.output | length }}"], needs: [ask]}\n'
    )
    found.answer("ask", no=True)
    found.go_on()
    found.answer("ask")
    assert found.go_on().state == "ok"
    assert found.outputs()["use"] == "5"


def test_a_typed_answer_of_an_earlier_generation_is_no_answer_to_the_next(ask: Ask) -> None:
    found = ask(
        "tasks:\n"
        "  draft: {run: echo draft >> log}\n"
        "  which: {approve: Which?, input: {type: string}, needs: [draft]}\n"
        '  ask: {approve: "${{ tasks.which.output }}?", rewind_to: draft}\n'
    )
    found.answer("which", answer='"one"')
    found.go_on()
    found.answer("ask", no=True)
    found.go_on()
    assert found.questions() == {"which": "Which?"}
    found.answer("which", answer='"two"')
    found.go_on()
    assert found.questions() == {"ask": "two?"}
