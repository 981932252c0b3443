"""Which runtime and which model do the work of a Role, and what is wrong with that, before anything starts."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from metaensemble import api
from metaensemble._api_agents import with_agents
from metaensemble._api_check import bound
from metaensemble.engine.instances import leaf_tasks
from metaensemble.engine.ledger.ledger import Ledger
from metaensemble.engine.ledger.records import EXECUTOR_CREATED, EXECUTOR_RETIRED, Record
from metaensemble.engine.prices.places import load_table
from metaensemble.schemas.bound import BoundTask
from metaensemble.schemas.errors import InputError, InputErrors
from metaensemble.schemas.template import Literal
from support.client_programs import put_client
from support.graph_texts import underlined


class Project:
    """A project, a user's home, and the programs on PATH."""

    def __init__(self, folder: Path) -> None:
        self.root, self.home, self.bin = folder / "project", folder / "home", folder / "bin"
        for one in (self.root / ".metaensemble", self.home / ".metaensemble", self.bin):
            one.mkdir(parents=True)
        self.environ = {"PATH": str(self.bin), "HOME": str(self.home)}

    def file(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"))

    def budgets(self, text: str, *, of_user: bool = False) -> None:
        folder = self.home if of_user else self.root
        (folder / ".metaensemble" / "budgets.yaml").write_text(dedent(text).lstrip("\n"))

    def graph(self, tasks: str) -> Path:
        self.file("g.yaml", f"version: 1\nname: g\n{dedent(tasks).lstrip(chr(10))}")
        return self.root / "g.yaml"

    def prepared(self, tasks: str, **more: Any) -> dict[str, BoundTask]:
        graph, _ = bound(self.graph(tasks), {}, cwd=self.root, environ=self.environ)
        found, problems = with_agents(graph, environ=self.environ, **more)
        assert problems == []
        return {task.id: task for _, task in leaf_tasks(found)}

    def problems(self, tasks: str, **more: Any) -> list[InputError]:
        with pytest.raises(InputErrors) as caught:
            api.run(self.graph(tasks), cwd=self.root, environ=self.environ, **more)
        assert not (self.root / ".metaensemble" / "state").exists()
        return list(caught.value.errors)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


ONE = "tasks: {a: {role: docs, prompt: Write.}}"


def chosen(task: BoundTask) -> tuple[str, str | None, str | None, str]:
    assert task.agent is not None
    return task.runtime, task.agent.tier, task.agent.named, task.agent.why


def test_the_first_client_on_path_serves_a_role(project: Project) -> None:
    put_client(project.bin, "gemini")
    put_client(project.bin, "codex")
    task = project.prepared(ONE)["a"]
    assert chosen(task) == ("codex", "sonnet", None, "its client is on PATH, as claude is not")
    assert task.agent is not None
    assert task.agent.identity is not None
    assert (task.agent.identity.name, task.agent.identity.origin) == ("docs", "core")


def test_what_is_said_nearer_counts_before(project: Project) -> None:
    put_client(project.bin, "claude")
    project.budgets("runtime: gemini\n", of_user=True)
    assert chosen(project.prepared(ONE)["a"])[0::3] == ("gemini", "your own budgets.yaml says so")
    project.budgets("runtime: codex\nroles: {docs: {tier: haiku}}\nmodels: {codex: {haiku: small-1}}\n")
    by_project = "the project's budgets.yaml says so"
    assert chosen(project.prepared(ONE)["a"]) == ("codex", "haiku", "small-1", by_project)
    project.budgets("runtime: codex\nroles: {docs: {runtime: claude, model: best-1}}\n")
    why = "the project's budgets.yaml says so for `docs`"
    assert chosen(project.prepared(ONE)["a"]) == ("claude", "sonnet", "best-1", why)
    in_defaults = f"defaults: {{runtime: opencode}}\n{ONE}"
    assert chosen(project.prepared(in_defaults)["a"])[0::3] == ("opencode", "the graph says so")
    in_task = "defaults: {runtime: opencode}\ntasks: {a: {role: docs, prompt: x, runtime: gemini}}"
    assert chosen(project.prepared(in_task)["a"])[0::3] == ("gemini", "the graph says so")


def test_the_model_is_that_of_the_task_then_of_its_tier(project: Project) -> None:
    project.budgets("models: {claude: {haiku: fast-1}}\nroles: {docs: {model: of-the-role}}\n")
    tasks = """
        defaults: {runtime: claude}
        tasks:
          named: {role: docs, prompt: x, model: mine, tier: opus}
          tier: {role: docs, prompt: x, tier: haiku}
          own: {role: docs, prompt: x, tier: opus}
          role: {role: docs, prompt: x}
          another: {role: architect, prompt: x}
    """
    found = {name: task.agent.named for name, task in project.prepared(tasks).items() if task.agent}
    assert found == {
        "named": "mine",
        "tier": "fast-1",
        "own": "opus",
        "role": "of-the-role",
        "another": "opus",
    }


@pytest.mark.parametrize(
    ("pointer", "needs", "found"),
    [
        ("{path: ../../etc/passwd}", "", [("ME384", "../../etc/passwd")]),
        ("{path: ../../etc/passwd}", ", needs: [b]", [("ME384", "../../etc/passwd")]),
        ("{path: none.txt}", "", [("ME381", "none.txt")]),
        ("{path: none.txt}", ", needs: [b]", []),
        ("{path: two.txt, lines: 2..3}", "", [("ME383", "2..3")]),
        ("{path: two.txt, lines: 2..3}", ", needs: [b]", []),
        ("{path: two.txt, lines: 1..2}", "", []),
        ("{path: '${{ params.file }}'}", "", [("ME381", "${{ params.file }}")]),
    ],
)
def test_what_a_task_points_to_is_looked_at_before_anything_starts(
    project: Project, pointer: str, needs: str, found: list[tuple[str, str]]
) -> None:
    project.file("two.txt", "1\n2\n")
    head = "params: {file: {default: gone.txt}}\ntasks:\n  b: {run: echo}\n"
    task = f"a: {{role: docs, prompt: x, context: {{files: [{pointer}]}}{needs}}}"
    try:
        api.plan(project.graph(f"{head}  {task}\n"), cwd=project.root)
    except InputErrors as caught:
        errors = caught.errors
    else:
        errors = ()
    assert [(error.code, underlined(error).strip("'")) for error in errors] == found


def test_a_tier_needs_a_model(project: Project) -> None:
    put_client(project.bin, "opencode")
    asked = "tasks: {a: {role: docs, prompt: x, tier: haiku}}"
    (error,) = project.problems(asked)
    assert (error.code, underlined(error)) == ("ME375", "docs")
    assert "models: {opencode: {haiku: NAME}}" in (error.hint or "")
    assert chosen(project.prepared(ONE)["a"])[2] is None
    project.budgets("models: {opencode: {haiku: a/small}}\n")
    assert chosen(project.prepared(asked)["a"])[2] == "a/small"


def test_everything_is_told_at_once_at_the_role(project: Project) -> None:
    project.file(".metaensemble/roles/broken.md", "---\nname: broken\nversion: one\n---\nDo it.\n")
    project.file(".metaensemble/active-roles.yaml", "version: 1\narchived: [frontend]\n")
    tasks = """
        tasks:
          unknown: {role: dosc, prompt: x, runtime: claude}
          inactive: {role: frontend, prompt: x, runtime: claude}
          broken: {role: broken, prompt: x, runtime: claude}
          member: {role: docs, prompt: x, pattern: {peer_review: {reviewers: [{role: code-qualty}]}}}
          joined: {role: docs, prompt: x, pattern: {fanout: {n: 2, join: {synthesise: arhcitect}}}}
          inner: {graph: inner.yaml}
          alone: {role: docs, prompt: x}
    """
    project.file("inner.yaml", "version: 1\nname: inner\ntasks: {b: {role: nobody-here, prompt: x}}\n")
    found = project.problems(tasks)
    told = {(error.code, Path(error.span.file).name, underlined(error)) for error in found if error.span}
    assert ("ME360", "g.yaml", "dosc") in told
    assert ("ME361", "g.yaml", "frontend") in told
    assert ("ME360", "g.yaml", "code-qualty") in told
    assert ("ME360", "g.yaml", "arhcitect") in told
    assert ("ME360", "inner.yaml", "nobody-here") in told
    assert any(name == "broken.md" for _, name, _ in told)
    assert ("ME582", "g.yaml", "docs") in told
    hints = [error.hint or "" for error in found if error.code == "ME360"]
    for meant in ("docs", "architect", "code-quality"):
        assert any(hint.startswith(f"did you mean `{meant}`?") for hint in hints)


def test_a_broken_budgets_yaml_is_told_at_its_line(project: Project) -> None:
    project.budgets("runtim: claude\nroles: {docs: {runtime: claude, teir: haiku}}\n")
    put_client(project.bin, "claude")
    found = project.problems(ONE)
    assert [(error.code, underlined(error)) for error in found] == [("ME201", "runtim"), ("ME201", "teir")]
    assert [error.hint for error in found] == ["did you mean `runtime`?", "did you mean `tier`?"]


def test_a_runtime_that_there_is_not_is_told_where_budgets_yaml_names_it(project: Project) -> None:
    project.budgets(
        """
        runtime: nope
        roles:
          docs: {runtime: claud}
          backend: {runtime: command}
        models: {opncode: {haiku: a/small}}
        """
    )
    put_client(project.bin, "claude")
    found = project.problems(ONE)
    assert [(error.code, underlined(error)) for error in found] == [
        ("ME520", "nope"),
        ("ME520", "claud"),
        ("ME371", "command"),
        ("ME520", "opncode"),
    ]
    assert {error.span.file for error in found if error.span is not None} == {".metaensemble/budgets.yaml"}
    assert [error.hint for error in found[1::2]] == ["did you mean `claude`?", "did you mean `opencode`?"]


def test_a_runtime_of_another_package_is_known_in_budgets_yaml(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "other-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[metaensemble.runtimes]\nother = not_there:make\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    project.budgets("runtime: other\n")
    assert project.prepared(ONE)["a"].runtime == "other"


def test_without_a_client_recordings_can_be_played(project: Project) -> None:
    project.file("rec.jsonl", '{"node": "a", "outcome": "ok", "output": "written"}\n')
    report = api.run(
        project.graph(ONE), cwd=project.root, environ=project.environ, replay=project.root / "rec.jsonl"
    )
    assert report.state == "ok"


def test_a_runtime_does_its_own_kind_of_work(project: Project) -> None:
    tasks = """
        tasks:
          a: {role: docs, prompt: x, runtime: command}
          b: {run: echo, runtime: claude}
          c: {role: docs, prompt: x, pattern: {fanout: {members: [{runtime: gemini}, {run: echo, runtime: codex}]}}}
    """
    found = api.check(project.graph(tasks))
    assert [(error.code, underlined(error)) for error in found] == [
        ("ME371", "command"), ("ME371", "claude"), ("ME371", "codex"),
    ]  # fmt: skip
    mixed = (
        "defaults: {runtime: codex}\ntasks: {a: {role: docs, prompt: x}, b: {run: echo}, c: {python: 'm:f'}}"
    )
    assert {name: task.runtime for name, task in project.prepared(mixed).items()} == {
        "a": "codex", "b": "command", "c": "python",
    }  # fmt: skip


def test_a_default_runtime_is_that_of_every_role_in_a_pattern(project: Project) -> None:
    tasks = """
        defaults: {runtime: claude, tier: haiku, model: small-1}
        tasks:
          a:
            run: echo
            pattern: {fanout: {members: [{run: ls}, {role: docs}, {role: docs, tier: opus}], join: {synthesise: architect}}}
    """
    found = {
        name: (task.runtime, task.agent.tier, task.agent.named)
        for name, task in project.prepared(tasks).items()
        if task.agent is not None
    }
    assert found == {
        "2": ("claude", "haiku", "small-1"),
        "3": ("claude", "opus", "opus"),
        "synthesis": ("claude", "haiku", "small-1"),
    }


def test_executors_that_cannot_go_on(project: Project) -> None:
    asked = "tasks: {a: {role: docs, prompt: x, executor: docs-7b3, runtime: replay}}"
    (error,) = project.problems(asked, replay=recordings(project))
    assert (error.code, underlined(error)) == ("ME396", "docs-7b3")
    ids = [f"01900000-0000-7000-8000-00000000000{n}" for n in range(3)]
    with Ledger.open(project.root / ".metaensemble" / "state") as ledger:
        for name, alias, role in zip(
            ids, ("docs-7b3", "arch-1aa", "docs-2bb"), ("docs", "architect", "docs"), strict=True
        ):
            made = {"alias": alias, "role_id": role, "role_version": "1.0.0", "parent_id": None}
            ledger.append([Record(EXECUTOR_CREATED, name, None, made)])
        ledger.append([Record(EXECUTOR_RETIRED, ids[2], None, {})])

    def told(alias: str) -> str:
        text = asked.replace("docs-7b3", alias)
        with pytest.raises(InputErrors) as caught:
            api.run(
                project.graph(text), cwd=project.root, environ=project.environ, replay=recordings(project)
            )
        return caught.value.errors[0].message

    assert told("docs-7b4") == "there is no Executor `docs-7b4`"
    assert told("arch-1aa") == "the Executor `arch-1aa` has the Role `architect`, not `docs`"
    assert told("docs-2bb") == "the Executor `docs-2bb` is retired"
    report = api.run(
        project.graph(asked), cwd=project.root, environ=project.environ, replay=recordings(project)
    )
    assert report.state == "ok"


def recordings(project: Project) -> Path:
    project.file("rec.jsonl", '{"node": "a", "outcome": "ok", "output": "written"}\n')
    return project.root / "rec.jsonl"


def test_the_plan_shows_who_does_what_and_why(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in project.environ.items():
        monkeypatch.setenv(name, value)
    plan = api.plan(project.graph(ONE), cwd=project.root)
    (node,) = plan.nodes
    assert node.agent is not None
    assert (node.runtime, node.agent.role, node.agent.because) == (
        "agent", "docs", "none of its clients is on PATH",
    )  # fmt: skip
    put_client(project.bin, "claude")
    (node,) = api.plan(project.graph(ONE), cwd=project.root).nodes
    assert node.agent is not None
    assert (node.runtime, node.agent.tier, node.agent.model) == ("claude", "sonnet", "sonnet")


def test_another_role_or_prompt_is_another_result(project: Project) -> None:
    """A result is taken over only where the same was asked of the same Role."""

    def states(prompt: str) -> bool:
        report = api.run(
            project.graph(f"tasks: {{a: {{role: docs, prompt: {prompt}, reads: []}}}}"),
            cwd=project.root, environ=project.environ, replay=recordings(project),
        )  # fmt: skip
        assert report.state == "ok"
        return bool(report.nodes[0].reused_from)

    assert [states("One."), states("One."), states("Two.")] == [False, True, False]


VERDICT = "{type: object, required: [verdict], properties: {verdict: {type: string}}}"
RESULT = (
    '{"type":"result","subtype":"success","is_error":false,"num_turns":1,"session_id":"s","result":"good",'
    '"structured_output":{"verdict":"good"},"usage":{"input_tokens":3,"output_tokens":4}}'
)


def test_a_client_does_the_work_of_a_panel(project: Project) -> None:
    put_client(project.bin, "claude", does=f"cat > /dev/null; echo '{RESULT}'; exit 0")
    environ = {**project.environ, "PATH": f"{project.bin}:/usr/bin:/bin"}
    tasks = (
        f"tasks: {{t: {{role: docs, prompt: Good?, output: {{schema: {VERDICT}}},"
        " pattern: {consensus: {n: 3, vote: verdict, stop: 'off'}}}}"
    )
    report = api.run(project.graph(tasks), cwd=project.root, environ=environ)
    assert report.state == "ok", [node.reason for node in report.nodes]
    runs = [run for run in api.ledger_recent(cwd=project.root) if run["runtime"] == "claude"]
    assert len(runs) == 3
    assert {run["role_id"] for run in runs} == {"docs"}
    assert len({run["executor_id"] for run in runs}) == 3


def test_a_resume_goes_on_with_the_role_as_it_was(project: Project) -> None:
    project.file(
        ".metaensemble/roles/helper.md",
        """
        ---
        name: helper
        version: 1.0.0
        description: Helps.
        model_tier: haiku
        ---
        Help.
        """,
    )
    project.file("none.jsonl", "")
    graph = project.graph("tasks: {a: {role: helper, prompt: Help.}}")
    kept = {"cwd": project.root, "environ": project.environ}
    report = api.run(graph, replay=project.root / "none.jsonl", **kept)
    assert report.state == "failed"
    (project.root / ".metaensemble" / "roles" / "helper.md").unlink()
    again = api.resume(report.dag_run_id, replay=recordings(project), **kept)
    assert again.state == "ok"


def test_models_of_an_api_are_the_last_resort(project: Project) -> None:
    project.budgets("models: {api: {sonnet: a/medium}}\n")
    assert chosen(project.prepared(ONE)["a"])[:3] == ("api", "sonnet", "a/medium")
    put_client(project.bin, "claude")
    assert chosen(project.prepared(ONE)["a"])[0] == "claude"


def test_a_panel_knows_the_makers_of_its_models(project: Project) -> None:
    put_client(project.bin, "claude")
    tasks = f"""
        tasks:
          t:
            role: docs
            prompt: Good?
            output: {{schema: {VERDICT}}}
            pattern:
              consensus:
                vote: verdict
                members: [{{role: docs}}, {{runtime: claude}}, {{runtime: codex}}, {{model: gpt-5}}, {{family: mine}}]
    """
    verdict = project.prepared(tasks)["verdict"]
    families = ["anthropic", "anthropic", "openai", "openai", "mine"]
    assert verdict.settles is not None
    assert verdict.settles.settings["families"] == families
    settings = dict(verdict.inputs)["settings"]
    assert isinstance(settings, Literal)
    assert settings.value["families"] == families


def test_prices_that_cannot_be_read_are_told_before_anything_is_spent(project: Project) -> None:
    put_client(project.bin, "codex")
    (project.home / ".metaensemble" / "prices.json").write_text("{}")
    (problem,) = project.problems(ONE)
    assert problem.code == "ME587"
    graph = project.graph("tasks: {a: {run: 'true'}}")
    assert api.run(graph, cwd=project.root, environ=project.environ).state == "ok", "no model is asked there"


CODEX = r"""
cat > /dev/null
echo '{"type":"thread.started","thread_id":"t-1"}'
echo '{"type":"item.completed","item":{"id":"i","type":"agent_message","text":"A page."}}'
echo '{"type":"turn.completed","usage":{"input_tokens":150,"cached_input_tokens":30,"output_tokens":7}}'
exit 0
"""


def test_a_cost_that_the_client_does_not_tell_is_reckoned_by_the_table_that_the_run_keeps(
    project: Project,
) -> None:
    put_client(project.bin, "codex", does=CODEX)
    project.environ["PATH"] += ":/usr/bin:/bin"
    graph = project.graph("tasks: {a: {role: docs, runtime: codex, model: gpt-5, prompt: Write.}}")
    assert api.run(graph, cwd=project.root, environ=project.environ).state == "ok"
    (run,) = api.ledger_recent(cwd=project.root)
    assert (run["tokens_in"], run["tokens_out"], run["cache_read_tokens"]) == (120, 7, 30)
    assert run["cost_usd"] == pytest.approx((120 * 1.25 + 30 * 0.125 + 7 * 10) / 1e6)
    mirror = (project.root / ".metaensemble" / "state" / "runs.jsonl").read_text()
    finished = [line for line in map(json.loads, mirror.splitlines()) if "price_table" in json.dumps(line)]
    assert load_table(None)[0].hash in json.dumps(finished)
    assert len(finished) == 1
