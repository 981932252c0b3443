"""Binds the pattern of a task: its settings become values, and its members bound tasks."""

from __future__ import annotations

import os.path
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ..schemas.agent import AGENT, REVIEWERS, AgentDefaults, AgentSpec
from ..schemas.bound import BoundTask, Member, PatternUse
from ..schemas.differences import with_differences
from ..schemas.errors import InputError
from ..schemas.errors.grammar import KeyOutOfPlace
from ..schemas.errors.patterns import ReviewDemanded
from ..schemas.pattern_ref import BUILT_IN, pattern_name, pattern_settings
from ..schemas.span import Path
from ..schemas.task import with_defaults
from ..schemas.template import Literal
from ..schemas.work import OF_MODEL, OF_ROLE
from . import settings as settings_
from .expression.scanner import has_expression
from .members import MEMBER_KEYS, WORK, members_in
from .pattern_names import Meaning, NoMeaning, Preset, known_names, meaning, names_reviewers
from .pattern_templates import Said, bind_template, demanding_layers, layers, tell
from .templates import Binder

if TYPE_CHECKING:
    from .loader import LoadedGraph
    from .sub_graphs import Inner
    from .task_binding import TaskBinding


def may_have_patterns(loaded: LoadedGraph) -> bool:
    """Whether any task of the graph may be expanded: it names a pattern, or has external effects."""
    tasks, defaults = loaded.graph.tasks.values(), loaded.graph.defaults
    return any(
        task.pattern is not None or with_defaults(task, defaults).effects == "external" for task in tasks
    )


def pattern_of(at: TaskBinding, host: BoundTask, inner: Inner) -> PatternUse | None:
    """The pattern of the task or member `at`, bound so far as `host`; None where it has none.

    A task with external effects has a peer review where the graph, one around it or the project names
    reviewers. What is wrong is told to the binder; a setting that is not known before the run stays a
    template where the binder lets settings wait.
    """
    given = at.spec.pattern
    path: Path = (*at.at, "pattern")
    host = _work_of(host)
    demanded = _demanded(at, host, given, inner)
    if given is None:
        if demanded is None and _is_agents_act(at, host):
            return PatternUse(
                name="peer_review",
                settings={"reviewers": [_reviewer(at, host)]},
                where=(*at.at, "effects") if "effects" in at.written else at.at,
                source=os.path.abspath(at.loaded.file),
                agents=_agents(at),
            )
        if demanded is None or not at.is_task:
            return None
        return _resolved(at, host, "peer_review", {}, path, demanded, inner)
    name, own = pattern_name(given), pattern_settings(given)
    try:
        is_review = demanded is not None and name == "peer_review"
        found = meaning(name, (demanding_layers if is_review else layers)(inner.parent))
    except NoMeaning as none:
        tell(at, inner, none.errors, path)
        return None
    is_agents = _is_agents_act(at, host)
    if (demanded is not None or is_agents) and found.name != "peer_review" and at.is_task:
        tell(at, inner, [_must_be_reviewed(at.name, name, named=demanded is not None)], path)
    use = _resolved(at, host, name, own, path, found, inner)
    if use is not None and at.is_task:
        _refuse_external_members(at, use, found, inner)
        _refuse_idle_model(at, use, inner)
    if use is not None and is_agents and found.name == "peer_review" and "reviewers" not in use.settings:
        return replace(use, settings={**use.settings, "reviewers": [_reviewer(at, host)]})
    return use


def _is_agents_act(at: TaskBinding, host: BoundTask) -> bool:
    """Whether an agent would do something that cannot be taken back: it is reviewed whoever asks for it."""
    return at.is_task and host.kind == "role" and host.effects == "external"


def _reviewer(at: TaskBinding, host: BoundTask) -> Member:
    """Who reviews an agent's work with external effects where nobody names reviewers."""
    role = next(name for name in REVIEWERS if host.agent is None or name != host.agent.role)
    agent = AgentSpec(role=role, where=(*at.at, "role"), source=os.path.abspath(at.loaded.file))
    own = BoundTask(id=host.id, kind="role", runtime=AGENT, agent=agent)
    task = with_differences(host, own, {"role"}, has_work=True)
    return Member(task=task, has_work=True, given=frozenset({"role"}))


def _work_of(host: BoundTask) -> BoundTask:
    """The task without what decides when, and how often, it runs: members have nothing of that."""
    return replace(
        host,
        needs=(),
        condition=None,
        condition_at="task",
        each=None,
        repeat=None,
        outputs_taken=False,
        tags=(),
        description=None,
    )


def _demanded(at: TaskBinding, host: BoundTask, given: Any, inner: Inner) -> Meaning | None:
    """The review that is demanded where a task has external effects, if any is.

    Where `peer_review` is said something about and no reviewers are named, which a slip may be, the task
    is refused unless it names its own: it is never done unreviewed by mistake.
    """
    if host.effects != "external" or host.ask is not None or not at.is_task:
        return None
    own, *outer = demanding_layers(inner.parent)
    try:
        if "effects" in at.given and names_reviewers(outer) is not None:
            return None  # the effects are those of the task that runs this graph, and reviewed there
        found = names_reviewers([own, *outer])
        if found is None and meaning("peer_review", [own, *outer]).presets and not _has_reviewers(given):
            tell(at, inner, [_nobody_named(at.name)], (*at.at, "effects"))
    except NoMeaning as none:
        tell(at, inner, none.errors, (*at.at, "effects"))
        return None
    return found


def _has_reviewers(given: Any) -> bool:
    return (
        given is not None and pattern_name(given) == "peer_review" and "reviewers" in pattern_settings(given)
    )


def _nobody_named(task: str) -> InputError:
    return ReviewDemanded(
        f"`{task}` has external effects, and what is said here of `peer_review` names no `reviewers`",
        hint="name `reviewers` where `peer_review` is given its defaults, or in the task's own `peer_review`",
    )


def _must_be_reviewed(task: str, name: str, *, named: bool) -> InputError:
    why = "reviewers are named" if named else "an agent does it"
    return ReviewDemanded(
        f"`{task}` has external effects and {why}, so it cannot be `{name}`",
        hint="take `pattern` out: a peer review is put in by itself; or write one with `peer_review`",
    )


def _refuse_external_members(at: TaskBinding, use: PatternUse, found: Meaning, inner: Inner) -> None:
    """A member with external effects would escape the review that is demanded of tasks."""
    if found.name == "peer_review":
        return
    for member in _members_of(use.settings):
        if "effects" in member.given and member.task.effects == "external":
            try:
                named = names_reviewers(demanding_layers(inner.parent)) is not None
            except NoMeaning:
                return
            if not named and member.task.kind != "role":
                continue
            why = "reviewers are named for these" if named else "an agent does it"
            message = f"a member of `{at.name}` has external effects, and {why}"
            hint = "do it in a task of its own behind this one, which is then reviewed"
            tell(at, inner, [ReviewDemanded(message, hint=hint)], (*use.where, *member.where))


def _members_of(value: Any) -> Iterator[Member]:
    if isinstance(value, Member):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _members_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from _members_of(item)


def _resolved(
    at: TaskBinding,
    host: BoundTask,
    name: str,
    own: Mapping[str, Any],
    path: Path,
    found: Meaning,
    inner: Inner,
    *,
    given: Any = None,
) -> PatternUse | None:
    """The pattern that `name` means, with the settings `own`, which stand below `path`, and its presets'.

    `given` is how it is written, by default that of the task.
    """
    is_graph = found.graph is not None
    given = at.spec.pattern if given is None else given
    where: Path = path if isinstance(given, str) else (*path, name)
    use_at = Said(at, where)
    said: dict[str, Said] = {}
    settings: dict[str, Any] = {}
    if given is None and found.presets:
        use_at = _said_by(at, found.presets[0])
    else:
        settings = _bound(at, host, name, own, path, where, inner, plain=is_graph)
        said = dict.fromkeys(settings, use_at)
    for preset in found.presets:
        one = _said_by(at, preset)
        of, below = pattern_name(preset.of), pattern_settings(preset.of)
        more = _bound(one.at, host, of, below, preset.path, preset.where, inner, plain=is_graph)
        for key, value in more.items():
            if key not in settings:
                settings[key], said[key] = value, one
    use = PatternUse(
        name=found.name,
        settings=settings,
        where=use_at.where,
        source=use_at.source,
        places={key: (one.source, one.where) for key, one in said.items() if one is not use_at},
        agents=_agents(at),
        others=() if found.name in BUILT_IN else known_names(layers(inner.parent)),
    )
    if found.graph is None:
        return use
    return bind_template(use, found.graph, Said(at, where), said, inner)


def _agents(at: TaskBinding) -> AgentDefaults:
    """What the graph says of every Role."""
    defaults = at.loaded.graph.defaults
    if defaults is None:
        return AgentDefaults()
    model: Any = None
    if defaults.model is not None:
        path: Path = ("defaults", "model")
        model = settings_.setting(at.binder, defaults.model, path, *settings_.BY_KEY["model",])
    return AgentDefaults(runtime=defaults.runtime, tier=defaults.tier, model=model)


def _said_by(at: TaskBinding, preset: Preset) -> Said:
    """Who says the settings of a preset: this task, where it stands in the same file."""
    if preset.binding is not None and preset.loaded is at.loaded:
        return Said(at, preset.where)
    return Said(at.elsewhere(preset), preset.where)


def _bound(
    at: TaskBinding,
    host: BoundTask,
    name: str,
    given: Mapping[str, Any],
    path: Path,
    where: Path,
    inner: Inner,
    *,
    plain: bool,
) -> dict[str, Any]:
    """The settings `given`, with members in place of maps that are some; with `plain` none is."""
    places = () if plain else members_in({name: dict(given)}, path)
    members = {place: _member(at, host, place, where, inner) for place, _ in places}
    return {
        key: _of(at, host, value, (*where, key), inner)
        if key == "of" and not plain and _is_use(value)
        else _value(at.binder, value, (*where, key), members)
        for key, value in given.items()
        if not key.startswith("x-")
    }


def _is_use(value: Any) -> bool:
    """Whether the value of `of` has the shape of a pattern; what is wrong with another is told later."""
    if isinstance(value, str):
        return True
    return isinstance(value, Mapping) and len(value) == 1 and isinstance(next(iter(value.values())), Mapping)


def _of(at: TaskBinding, host: BoundTask, given: Any, path: Path, inner: Inner) -> PatternUse | None:
    """The pattern that does the work of another one: it may have a name of the graph's or the project's."""
    name, own = pattern_name(given), dict(pattern_settings(given))
    try:
        found = meaning(name, layers(inner.parent))
    except NoMeaning as none:
        tell(at, inner, none.errors, path)
        return None
    return _resolved(at, host, name, own, path, found, inner, given=given)


def _value(binder: Binder, value: Any, path: Path, members: Mapping[Path, Member | None]) -> Any:
    if path in members:
        return members[path]
    if isinstance(value, str):
        if not has_expression(value):
            return value
        template = binder.template(value, path)
        if type(template) is Literal:
            return template.value
        if not binder.may_wait:
            binder.add(settings_.comes_late(), path)
        return template
    if isinstance(value, list | tuple):
        return [_value(binder, item, (*path, index), members) for index, item in enumerate(value)]
    if isinstance(value, Mapping):
        return {
            key: _value(binder, item, (*path, key), members)
            for key, item in value.items()
            if not key.startswith("x-")
        }
    return value


def _member(at: TaskBinding, host: BoundTask, path: Path, where: Path, inner: Inner) -> Member | None:
    from .task_binding import TaskBinding

    spec = at.examined.members.get(path)
    if spec is None:
        return None  # its shape is wrong, and that is told
    binder = replace(at.binder, scope={**at.binder.scope, "env": dict(at.binder.scope.get("env", {}))})
    one = TaskBinding(at.loaded, at.name, spec, binder, at.schemas, at.project, set(), path)
    written = one.written
    bound = one.member(inner)
    keys = {
        key: _value(binder, value, (*path, key), {})
        for key, value in written.items()
        if key not in MEMBER_KEYS and not key.startswith("x-")
    }
    given = frozenset(key for key in written if key in MEMBER_KEYS)
    task = with_differences(host, _with_spans(bound, at), given, has_work=not WORK.isdisjoint(written))
    _refuse_idle_keys(one, task, given, inner)
    return Member(
        task=replace(task, pattern=pattern_of(one, task, inner)),
        has_work=not (WORK | {"pattern"}).isdisjoint(written),
        keys=keys,
        given=given,
        where=path[len(where) :],
    )


def _refuse_idle_model(at: TaskBinding, use: PatternUse, inner: Inner) -> None:
    """A task without a Role says which model is meant for the Roles in its pattern: there must be some."""
    has_work = at.spec.role is None and not WORK.isdisjoint(at.written) and at.spec.graph is None
    if not has_work or use.name not in BUILT_IN or use.template is not None or _has_role(use.settings):
        return
    for key in OF_MODEL:
        if key in at.written:
            why = "no Role takes part in the pattern, and none does the work"
            tell(at, inner, [KeyOutOfPlace(f"`{key}` needs `role`", hint=why)], (*at.at, key))


def _has_role(value: Any) -> bool:
    """Whether a Role takes part by these settings, as far as they are known."""
    if isinstance(value, Member):
        return value.task.kind == "role" or value.task.pattern is not None
    if isinstance(value, PatternUse):
        return value.name not in BUILT_IN or value.template is not None or _has_role(value.settings)
    if isinstance(value, Mapping):
        return any(
            _has_role(item) or (key in _NAME_ROLES and isinstance(item, str)) for key, item in value.items()
        )
    return isinstance(value, list) and any(map(_has_role, value))


_NAME_ROLES: Final = ("judge", "synthesise", "escalate")
"""Settings that a Role may stand for by its name alone."""


def _refuse_idle_keys(at: TaskBinding, task: BoundTask, given: frozenset[str], inner: Inner) -> None:
    """What a member says to an agent means nothing where no Role does its work."""
    is_told = task.agent is not None and task.agent.role
    if is_told or at.spec.graph is not None or at.spec.pattern is not None:
        return
    for key in (*OF_ROLE, *OF_MODEL):
        if key in given:
            why = "no Role does the work of this member, nor that of the task"
            tell(at, inner, [KeyOutOfPlace(f"`{key}` needs `role`", hint=why)], (*at.at, key))


def _with_spans(task: BoundTask, at: TaskBinding) -> BoundTask:
    """Keys that are refused later are placed in the file that they stand in."""
    document = at.loaded.document
    later = tuple(replace(item, span=document.span(item.where, of="key")) for item in task.later)
    return replace(task, later=later) if later else task
