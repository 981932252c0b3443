"""The work of an agent as a bound task holds it: who does it, what it is asked, what it is pointed to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from .span import Path
from .template import EMPTY, Template

Tier = Literal["opus", "sonnet", "haiku"]
Origin = Literal["core", "user", "project"]

TIERS: Final[tuple[Tier, ...]] = ("opus", "sonnet", "haiku")
"""The classes of models, the most capable first."""

CLIENTS: Final = ("claude", "codex", "gemini", "opencode", "api")
"""The runtimes that carry agents out and nothing else, in the order in which one is looked for."""

OF_OTHERS: Final = ("command", "python")
"""The runtimes that carry out other kinds of work, and no agents."""

REPLAY: Final = "replay"
"""The runtime that plays recorded attempts, of whatever kind."""

AGENT: Final = "agent"
"""The runtime of a task with `role` that names none: which one it is comes out when the graph is prepared."""


REVIEWERS: Final = ("code-quality", "architect")
"""The Roles that review an agent's work with external effects where nobody names reviewers: the first of them
that is not the author's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentDefaults:
    """What a graph says of every task with a Role that does not say it itself."""

    runtime: str | None = None
    tier: Tier | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A Role as it was when the DAG run was started.

    `body` is the job description, Markdown. `tools` are the names that the Role is limited to, None for
    no limit. `onboarding` is the frontmatter's map, `digest` the SHA-256 of the file's bytes.
    """

    name: str
    version: str
    description: str = ""
    tier: Tier = "sonnet"
    body: str = ""
    alias_prefix: str = ""
    tools: tuple[str, ...] | None = None
    onboarding: Mapping[str, Any] = field(default_factory=dict)
    color: str | None = None
    output_styles: tuple[str, ...] = ()
    origin: Origin = "core"
    digest: str = ""

    @property
    def prefix(self) -> str:
        """What the aliases of its Executors begin with."""
        return self.alias_prefix or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class PointerSpec:
    """A file that an Executor is pointed to, relative to the project. `lines` are the first and the last
    line that matter, counted from 1; None for the whole file."""

    path: Template
    lines: tuple[int, int] | None = None
    role: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSpec:
    """What an Executor of the Role `role` is asked to do.

    `executor` is the alias of a particular one; `independent`: the pattern asks for an identity of its
    own. `max_turns` caps the turns of an attempt. `tier` and `model` are what the task asks for itself.
    `identity` is the Role, once it has been looked up, and `named` the model that the runtime is asked for
    (None: the runtime's own choice). `where` is the place of `role` in the document `source` (none: that of
    the graph). `why` says why the runtime is the one that it is. The latter two are for people who look at a
    file, and not stored.
    """

    role: str
    prompt: Template = EMPTY
    executor: str | None = None
    files: tuple[PointerSpec, ...] = ()
    prior_runs: tuple[str, ...] = ()
    reask: int = 2
    max_turns: int | None = None
    tier: Tier | None = None
    model: str | None = None
    independent: bool = False
    identity: Role | None = None
    named: str | None = None
    where: Path = ()
    source: str = field(default="", compare=False)
    why: str = field(default="", compare=False)
