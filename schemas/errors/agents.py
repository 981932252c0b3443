"""ME37x: who does the work of a Role, and with which model."""

from __future__ import annotations

from .base import InputError


class RuntimeOfAnotherKind(InputError):
    """The runtime that a task names cannot do this kind of work.

    The runtimes `claude`, `codex`, `gemini`, `opencode` and `api` carry out the work of Roles, and nothing
    else. A command is carried out by `command`, and a callable by `python`. In `defaults` a runtime for
    Roles is meant for these alone, so that a graph may have commands as well.

    Example:

    ```yaml
    version: 1
    name: review
    tasks:
      review: {role: code-quality, prompt: Review the change., runtime: command}
    ```

    Use instead:

    ```yaml
    version: 1
    name: review
    tasks:
      review: {role: code-quality, prompt: Review the change., runtime: claude}
    ```
    """

    code = "ME371"


class TierWithoutModel(InputError):
    r"""A tier is asked for, and nothing says which model that is for the runtime.

    Some clients know models by their tiers themselves. For others, such as `opencode`, whose models depend
    on what you have signed up for, and for `api`, say it under `models` in `.metaensemble/budgets.yaml` of
    the project or of your home, or name a `model` in the task.

    Example:

    ```sh
    cat > x.yaml <<'END'
    version: 1
    name: x
    tasks:
      a: {role: docs, prompt: Write., runtime: opencode, tier: haiku}
    END
    me dag plan x.yaml
    ```

    Use instead:

    ```sh
    printf 'models: {opencode: {haiku: provider/small-model}}\n' > .metaensemble/budgets.yaml
    cat > x.yaml <<'END'
    version: 1
    name: x
    tasks:
      a: {role: docs, prompt: Write., runtime: opencode, tier: haiku}
    END
    me dag plan x.yaml
    ```
    """

    code = "ME375"


class CapNotKept(InputError):
    r"""A task caps the turns of its agent, and its runtime cannot hold an agent to that.

    `claude` and `api` count the turns of an attempt, and end it `budget_exceeded` at the cap. The other
    clients have no such limit: a cap that nobody keeps would be worse than none. `timeout` and
    `idle_timeout` hold for all of them.

    Example:

    ```sh
    printf '#!/bin/sh\necho 1.0.0\n' > codex && chmod +x codex
    cat > x.yaml <<'END'
    version: 1
    name: x
    tasks:
      a: {role: docs, prompt: Write., runtime: codex, max_turns: 20}
    END
    PATH="$PWD:$PATH" me dag run x.yaml
    ```

    Use instead:

    ```sh
    cat > x.yaml <<'END'
    version: 1
    name: x
    tasks:
      a: {role: docs, prompt: Write., runtime: codex, timeout: 10m}
    END
    me dag validate x.yaml
    ```
    """

    code = "ME376"
