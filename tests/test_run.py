"""From a YAML file to a report, with real commands and a real Ledger: what each rule of the grammar does."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from metaensemble import api
from metaensemble.schemas.report import NodeReport, Report


def run(tmp_path: Path, text: str, **arguments: Any) -> Report:
    (tmp_path / ".metaensemble").mkdir(exist_ok=True)
    file = tmp_path / "graph.yaml"
    file.write_text(text)
    return api.run(file, cwd=tmp_path, **arguments)


def states(report: Report) -> dict[str, str]:
    return {node.id: node.state for node in report.nodes}


def node(report: Report, name: str) -> NodeReport:
    return next(node for node in report.nodes if node.id == name)


NEEDS = """\
tasks:
  good: {run: "true"}
  bad: {run: exit 3}
  off: {run: "true", if: "${{ params.on }}"}
  after-good: {run: "true", needs: [good]}
  after-bad: {run: "true", needs: [bad]}
  after-off: {run: "true", needs: [off]}
  both: {run: "true", needs: [bad, off]}
  whatever: {run: "true", needs: {bad: done, off: done}}
  rescue: {run: "true", needs: {bad: failed}}
  no-rescue: {run: "true", needs: {good: failed}}
  far: {run: "true", needs: [after-bad]}
params: {on: {type: boolean, default: false}}
"""


def test_how_ends_travel_along_needs(tmp_path: Path) -> None:
    report = run(tmp_path, NEEDS)
    assert states(report) == {
        "good": "ok",
        "bad": "failed",
        "off": "skipped",
        "after-good": "ok",
        "after-bad": "blocked",
        "after-off": "skipped",
        "both": "blocked",
        "whatever": "ok",
        "rescue": "ok",
        "no-rescue": "skipped",
        "far": "blocked",
    }
    assert report.state == "failed"
    assert node(report, "bad").reason == "exit status 3"
    assert node(report, "off").reason == "its condition was false"
    assert node(report, "after-off").reason == "skipped because `off` was skipped: its condition was false"
    assert "`bad` failed: exit status 3" in node(report, "far").reason
    assert states(run(tmp_path, NEEDS, params={"on": "true"}))["after-off"] == "ok"


def test_a_failure_that_every_consumer_took_knowingly_is_no_failure(tmp_path: Path) -> None:
    text = (
        "tasks:\n  bad: {run: exit 1}\n  after: {run: 'echo ${{ tasks.bad.status }}', needs: {bad: done}}\n"
    )
    report = run(tmp_path, text + "outputs: {said: '${{ tasks.after.output }}'}\n")
    assert (report.state, report.outputs) == ("ok", {"said": "failed"})


def test_values_keep_their_types_from_task_to_task(tmp_path: Path) -> None:
    text = """\
tasks:
  make: {run: [echo, '{"list": [1, 2.5, null, "x"], "items": 3}'], output: {as: json}}
  lines: {run: "printf 'a\\nb\\n'", output: {as: lines}}
  take:
    run: cat
    with: {all: "${{ tasks.make.output }}", items: "${{ tasks.make.output.items }}", n: "${{ tasks.lines.output }}"}
    output: {as: json}
outputs:
  got: ${{ tasks.take.output }}
  second: ${{ tasks.make.output.list[1] * 2 }}
  text: made ${{ tasks.make.output.list }}
"""
    report = run(tmp_path, text)
    assert report.state == "ok", report
    made = {"list": [1, 2.5, None, "x"], "items": 3}
    inputs = report.outputs["got"].get("with", report.outputs["got"])
    assert {name: inputs[name] for name in ("all", "items", "n")} == {
        "all": made,
        "items": 3,
        "n": ["a", "b"],
    }
    assert report.outputs["second"] == 5
    assert report.outputs["text"] == 'made [1,2.5,null,"x"]'


@pytest.mark.parametrize(
    ("printed", "state"), [("false", "skipped"), ("true", "ok"), ("", "skipped"), ("7", "ok")]
)
def test_a_command_decides_whether_another_runs(tmp_path: Path, printed: str, state: str) -> None:
    text = f"""\
tasks:
  look: {{run: [echo, "{printed}"]}}
  act: {{run: "true", if: "${{{{ tasks.look.output }}}}"}}
"""
    assert states(run(tmp_path, text))["act"] == state


def test_a_condition_that_cannot_be_evaluated_fails_its_node(tmp_path: Path) -> None:
    text = """\
tasks:
  look: {run: echo word}
  act: {run: "true", if: "${{ tasks.look.output > 3 }}"}
"""
    report = run(tmp_path, text)
    assert states(report) == {"look": "ok", "act": "failed"}
    assert "`if` could not be evaluated" in node(report, "act").reason


def test_outputs_that_cannot_be_evaluated_fail_the_dag_run_and_keep_its_nodes(tmp_path: Path) -> None:
    text = "tasks: {a: {run: echo word}}\noutputs: {n: '${{ tasks.a.output | int + [] }}'}\n"
    report = run(tmp_path, text)
    assert (report.state, states(report)) == ("failed", {"a": "ok"})
    assert report.reason.startswith("`outputs.n` could not be evaluated: ")


def test_retries_are_for_the_reasons_that_were_named(tmp_path: Path) -> None:
    text = """\
tasks:
  again:
    run: test -e once || { touch once; exit 4; }
    retry: {max: 3, backoff: 1ms, on: [exit_status]}
  not-for-this:
    run: exit 4
    retry: {max: 3, backoff: 1ms, on: [timeout]}
"""
    report = run(tmp_path, text)
    tried = {each.id: [attempt.outcome for attempt in each.attempts] for each in report.nodes}
    assert tried == {"again": ["failed", "ok"], "not-for-this": ["failed"]}


def test_time_limits(tmp_path: Path) -> None:
    text = """\
tasks:
  long: {run: exec sleep 60, timeout: 200ms}
  silent: {run: echo begun; exec sleep 60, idle_timeout: 200ms}
"""
    report = run(tmp_path, text)
    assert [node.attempts[0].failure_reason for node in report.nodes] == ["timeout", "timeout"]
    assert node(report, "long").reason == "ran longer than its `timeout` of 0.2 s"
    assert node(report, "silent").reason == "gave no sign of life for its `idle_timeout` of 0.2 s"


def test_priority_then_the_longest_way_ahead_decides_who_goes_first(tmp_path: Path) -> None:
    text = """\
concurrency: {max: 1}
tasks:
  short: {run: echo short >> order}
  long: {run: echo long >> order}
  behind: {run: echo behind >> order, needs: [long]}
  urgent: {run: echo urgent >> order, priority: 5}
"""
    assert run(tmp_path, text).state == "ok"
    assert (tmp_path / "order").read_text().split() == ["urgent", "long", "short", "behind"]


def test_a_pool_of_one_never_holds_two(tmp_path: Path) -> None:
    tasks = "".join(f"  n{i}: {{run: 'mkdir held && rmdir held', pool: one}}\n" for i in range(8))
    report = run(tmp_path, "concurrency: {max: 8, pools: {one: 1}}\ntasks:\n" + tasks)
    assert set(states(report).values()) == {"ok"}, report


def test_output_that_breaks_its_contract_fails_the_node(tmp_path: Path) -> None:
    text = """\
tasks:
  not-json: {run: [echo, '{'], output: {as: json}}
  wrong: {run: [echo, '{"n": 1}'], output: {schema: {properties: {n: {type: string}}}}}
  nothing: {run: "true", deliverables: [{path: report.md}]}
"""
    report = run(tmp_path, text)
    assert [node.attempts[0].failure_reason for node in report.nodes] == ["output_invalid"] * 3
    assert "$.n" in node(report, "wrong").reason


def test_a_command_that_prints_more_than_is_kept_of_it_does_not_fill_the_memory(tmp_path: Path) -> None:
    text = "tasks:\n  much: {run: 'head -c 30000000 /dev/zero | tr \"\\\\0\" x'}\n"
    report = run(tmp_path, text)
    assert report.state == "ok", report


def test_what_a_terminal_would_obey_stays_out_of_the_reason(tmp_path: Path) -> None:
    report = run(tmp_path, "tasks: {a: {run: \"printf '\\\\033[2J boo' >&2; exit 9\"}}\n")
    assert node(report, "a").reason == "exit status 9; stderr ends:  [2J boo"


@pytest.mark.parametrize("key", ["x", "\\ud800"])
def test_half_a_surrogate_pair_is_no_output(tmp_path: Path, key: str) -> None:
    text = f"""tasks: {{a: {{run: [printf, "%s", '{{"{key}": 1, "{key}": "\\udfff"}}'], output: {{as: json}}}}}}\n"""
    assert node(run(tmp_path, text), "a").attempts[0].failure_reason == "output_invalid"


def test_a_secret_is_masked_in_what_another_task_prints(tmp_path: Path) -> None:
    text = """\
tasks:
  owner: {run: "true", secrets: [API_TOKEN]}
  other: {run: echo "it is $API_TOKEN"}
outputs: {said: "${{ tasks.other.output }}"}
"""
    report = run(tmp_path, text, environ={**os.environ, "API_TOKEN": "correct-horse-battery"})
    assert report.outputs == {"said": "it is ***API_TOKEN***"}


def test_deep_output_beside_a_secret_is_no_fault_of_ours(tmp_path: Path) -> None:
    code = "print('[' * 600 + ']' * 600)"
    text = f'tasks: {{a: {{run: [python3, -c, "{code}"], output: {{as: json}}, secrets: [API_TOKEN]}}}}\n'
    report = run(tmp_path, text, environ={**os.environ, "API_TOKEN": "correct-horse-battery"})
    assert node(report, "a").attempts[0].failure_reason in (None, "output_invalid")


def test_a_variable_without_a_name_is_not_handed_on(tmp_path: Path) -> None:
    assert run(tmp_path, "tasks: {a: {run: 'true'}}\n", environ={**os.environ, "": "foo"}).state == "ok"


def test_an_empty_environment_has_its_commands_told_from_the_project(tmp_path: Path) -> None:
    report = run(tmp_path, "tasks: {a: {run: pwd}}\noutputs: {where: '${{ tasks.a.output }}'}\n")
    assert Path(report.outputs["where"]).samefile(tmp_path)
