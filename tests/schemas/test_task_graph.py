from __future__ import annotations

import copy
import sys
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from metaensemble.schemas.budget import AssumedPrice, Budget
from metaensemble.schemas.concurrency import Concurrency
from metaensemble.schemas.contract import Context, FilePointer
from metaensemble.schemas.fan_out import Repeat
from metaensemble.schemas.model import GrammarModel
from metaensemble.schemas.needs import Quorum, written_needs
from metaensemble.schemas.output import Deliverable, Output
from metaensemble.schemas.param import Param
from metaensemble.schemas.pattern_ref import pattern_name, pattern_settings
from metaensemble.schemas.retry import Retry
from metaensemble.schemas.task import Defaults, Task, with_defaults
from metaensemble.schemas.task_graph import TaskGraph
from support.graphs import DESIGN, FULL

KEYS: dict[type[BaseModel], str] = {
    TaskGraph: "version name description params outputs defaults budget concurrency patterns tasks",
    Task: "role run python graph approve prompt executor input rewind_to"
    " description needs if tags each as key parallel rest matrix include exclude repeat"
    " with env secrets cwd reads output deliverables writes context acceptance checks quality reask max_turns"
    " pattern runtime tier model in isolation setup timeout idle_timeout retry pool priority cache effects on_lost"
    " budget estimate assume_price overshoot on_window_reset",
    Defaults: "runtime tier model in isolation setup timeout idle_timeout retry pool priority cache effects"
    " on_lost budget estimate assume_price overshoot on_window_reset",
    Param: "type default description minimum maximum choices pattern",
    Retry: "max backoff on",
    Output: "from path as schema",
    Deliverable: "path must_export coverage schema",
    Context: "files prior_runs",
    FilePointer: "path lines role",
    Repeat: "until max",
    Budget: "tokens usd wall",
    AssumedPrice: "input output",
    Concurrency: "max pools",
    Quorum: "ok",
}


def graph(**keys: Any) -> dict[str, Any]:
    return {"tasks": {"a": {"run": "true", **keys}}}


def task(**keys: Any) -> Task:
    return TaskGraph.model_validate(graph(**keys)).tasks["a"]


@pytest.mark.parametrize("model", KEYS, ids=lambda model: model.__name__)
def test_each_model_has_exactly_the_keys_of_the_grammar(model: type[BaseModel]) -> None:
    names = {field.alias or name for name, field in model.model_fields.items()}
    assert names == set(KEYS[model].split())


@pytest.mark.parametrize("model", KEYS, ids=lambda model: model.__name__)
def test_each_key_is_documented(model: type[BaseModel]) -> None:
    for name, field in model.model_fields.items():
        assert field.description, name
        assert field.description.rstrip().endswith("."), name


@pytest.mark.parametrize("document", [DESIGN, FULL], ids=["design", "full"])
def test_what_was_read_is_written_as_it_was(document: dict[str, Any]) -> None:
    read = TaskGraph.model_validate(document)
    written = read.model_dump(by_alias=True, exclude_unset=True, mode="json")
    assert written == document
    assert TaskGraph.model_validate(written) == read


def test_a_model_can_be_dumped_whole() -> None:
    assert TaskGraph.model_validate(FULL).model_dump()["tasks"]["one"]["timeout"] == "${{ params.word }}"


def test_validation_leaves_the_document_alone() -> None:
    before = copy.deepcopy(FULL)
    TaskGraph.model_validate(FULL)
    assert before == FULL


def test_the_full_document_uses_every_key() -> None:
    tasks = FULL["tasks"].values()
    assert {key for entry in tasks for key in entry} >= set(KEYS[Task].split()) - set(KEYS[Defaults].split())
    assert set(FULL["defaults"]) == set(KEYS[Defaults].split())
    assert set(FULL) == set(KEYS[TaskGraph].split())


def test_extension_keys_are_ignored_wherever_they_stand() -> None:
    def sprinkle(value: Any, *, free: bool = False) -> Any:
        if isinstance(value, list):
            return [sprinkle(item) for item in value]
        if not isinstance(value, dict):
            return value
        return {"x-note": {"any": ["thing"]}, **{key: sprinkle(child) for key, child in value.items()}}

    plain = {
        "params": FULL["params"],
        "concurrency": FULL["concurrency"],
        "tasks": copy.deepcopy(FULL["tasks"]),
    }
    for entry in plain["tasks"].values():
        for literal in ("pattern", "input"):  # JSON of its own, in which `x-` means nothing special
            entry.pop(literal, None)
    plain["tasks"]["five"].pop("rewind_to")
    plain["tasks"]["one"]["output"].pop("schema")
    plain["tasks"]["one"]["deliverables"][0].pop("schema")
    plain["params"] = {"count": FULL["params"]["count"]}
    assert TaskGraph.model_validate(sprinkle(plain)) == TaskGraph.model_validate(plain)


def test_a_task_is_never_lost_because_of_its_id() -> None:
    with pytest.raises(ValidationError) as caught:
        TaskGraph.model_validate({"tasks": {"a": {"run": "true"}, "x-ray": {"run": "true"}}})
    (error,) = caught.value.errors()
    assert (error["type"], error["loc"]) == ("me.ignored_task", ("tasks", "x-ray"))


def test_extensions_of_an_inline_schema_stay() -> None:
    schema = {"type": "object", "x-origin": "here"}
    output = task(output={"schema": schema}).output
    assert output is not None
    assert output.schema_ == schema


def test_models_are_frozen() -> None:
    with pytest.raises(ValidationError):
        task().run = "false"  # type: ignore[misc]


@pytest.mark.parametrize("key", KEYS[Task].split())
def test_null_is_no_way_to_leave_a_key_out(key: str) -> None:
    with pytest.raises(ValidationError):
        TaskGraph.model_validate(graph(**{key: None}))


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        ({"priority": "1"}, ("priority",)),
        ({"priority": 1.0}, ("priority",)),
        ({"priority": True}, ("priority",)),
        ({"retry": {"max": "2"}}, ("retry", "max")),
        ({"retry": {"max": True}}, ("retry", "max")),
        ({"cwd": 3}, ("cwd",)),
        ({"env": {"A": None}}, ("env", "A")),
        ({"tags": "slow"}, ("tags",)),
        ({"deliverables": [{"path": "a", "coverage": "80"}]}, ("deliverables", 0, "coverage")),
        ({"deliverables": [{"path": "a", "coverage": True}]}, ("deliverables", 0, "coverage")),
        ({"deliverables": [{"path": "a", "coverage": float("nan")}]}, ("deliverables", 0, "coverage")),
    ],
)
def test_no_value_is_turned_into_another_type(keys: dict[str, Any], place: tuple[str | int, ...]) -> None:
    with pytest.raises(ValidationError) as caught:
        TaskGraph.model_validate(graph(**keys))
    assert [error["loc"] for error in caught.value.errors()] == [("tasks", "a", *place)]


def test_a_whole_number_stands_for_a_fraction() -> None:
    assert Budget.model_validate({"usd": 3}).usd == 3.0


@pytest.mark.parametrize("key", ["timeout", "idle_timeout", "priority", "parallel"])
def test_values_may_be_one_whole_expression(key: str) -> None:
    extra = {"each": "${{ params.list }}"} if key == "parallel" else {}
    assert getattr(task(**{key: " ${{ params.x }}"}, **extra), key) == " ${{ params.x }}"


def test_the_kind_of_work() -> None:
    kinds = [entry.kind for entry in TaskGraph.model_validate(FULL).tasks.values()]
    assert kinds == ["run", "python", "role", "graph", "approve"]


def test_needs_of_either_shape_are_walked_alike() -> None:
    listed = list(written_needs(task(needs=["b", "c"]).needs))
    assert [(need.task, need.place, need.asks) for need in listed] == [
        ("b", ("needs", 0), "ok"),
        ("c", ("needs", 1), "ok"),
    ]
    first, second = written_needs(task(needs={"b": "done", "c": {"ok": "2/3"}}).needs)
    assert (first.task, first.place, first.asks) == ("b", ("needs", "b"), "done")
    assert isinstance(second.asks, Quorum)
    assert (second.asks.count, second.asks.of) == (2, 3)


@pytest.mark.parametrize(
    ("ok", "numbers"), [(2, (2, None)), ("1/2", (1, 2)), ("${{ params.n }}", (None, None))]
)
def test_quorums(ok: object, numbers: tuple[int | None, int | None]) -> None:
    quorum = Quorum.model_validate({"ok": ok})
    assert (quorum.count, quorum.of) == numbers


def test_patterns_have_a_name_and_settings() -> None:
    assert (pattern_name("solo"), pattern_settings("solo")) == ("solo", {})
    used: dict[str, dict[str, Any]] = {"fanout": {"n": 2}}
    assert (pattern_name(used), pattern_settings(used)) == ("fanout", {"n": 2})


@pytest.mark.parametrize(
    ("written", "form"),
    [({}, "text"), ({"schema": "a.json"}, "json"), ({"schema": "a.json", "as": "text"}, "text")],
)
def test_the_form_of_an_output(written: dict[str, Any], form: str) -> None:
    assert Output.model_validate(written).form == form


def test_a_parameter_without_a_default_must_be_given() -> None:
    assert Param.model_validate({"type": "json"}).is_required
    assert not Param.model_validate({"type": "json", "default": None}).is_required


def test_defaults_fill_what_a_task_does_not_give() -> None:
    defaults = Defaults.model_validate(
        {"timeout": "10m", "priority": 5, "in": "thread", "retry": {"max": 2, "backoff": "3s"}}
    )
    merged = with_defaults(task(timeout="1m", retry={"max": 7}), defaults)
    assert (merged.timeout, merged.priority, merged.in_) == ("1m", 5, "process")
    assert merged.retry == Retry(max=7, backoff="3s")
    assert with_defaults(task(), defaults).retry == Retry(max=2, backoff="3s")
    assert with_defaults(task(), None) == task()


def test_every_model_of_the_grammar_is_strict_and_closed() -> None:
    def below(model: type[BaseModel]) -> set[type[BaseModel]]:
        return {model}.union(*(below(child) for child in model.__subclasses__()))

    for model in below(GrammarModel):
        config = model.model_config
        assert (config["frozen"], config["extra"], config["strict"]) == (True, "forbid", True)


def _calls(tasks: int) -> int:
    """How many Python functions are called for a graph of so many tasks."""
    entry = {"run": "true", "needs": ["t0"], "timeout": "10m", "output": {"as": "json"}, "retry": {"max": 2}}
    document = {"tasks": {f"t{number}": entry for number in range(tasks)}}
    TaskGraph.model_validate(document)
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        TaskGraph.model_validate(document)
    finally:
        sys.setprofile(before)
    return count


def test_the_work_grows_as_the_graph_does() -> None:
    few, many = _calls(100), _calls(1000)
    assert 0 < many < 11 * few
