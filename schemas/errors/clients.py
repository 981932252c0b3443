"""Clients that carry agents and are not as they are needed."""

from __future__ import annotations

from .base import InputError


class ClientMissing(InputError):
    r"""A runtime of agents needs the program of its client, and that is not on PATH.

    The runtimes `claude`, `codex`, `gemini` and `opencode` carry an attempt out with the client of that name,
    which you install and set up yourself. `me doctor` says which ones are there, and what to type to get
    another. Without a client, recorded attempts can be played: `me dag run FILE --replay FILE`.

    Example:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {role: docs, prompt: Write., runtime: claude}}\n' > x.yaml
    me=$(command -v me); PATH=/nowhere "$me" dag run x.yaml
    ```

    Use instead:

    ```sh
    me doctor
    ```
    """

    code = "ME580"


class ClientTooOld(InputError):
    r"""The client that a runtime uses is older than what the runtime was verified against.

    Clients change what they print and which flags they know. Below a certain version the figures of what was
    spent would not be right, or an end could not be told; that is refused before anything is spent.

    Example:

    ```sh
    printf '#!/bin/sh\necho 1.0.3\n' > claude && chmod +x claude
    printf 'version: 1\nname: x\ntasks: {a: {role: docs, prompt: Write., runtime: claude}}\n' > x.yaml
    PATH="$PWD:$PATH" me dag run x.yaml
    ```

    Use instead:

    ```sh
    me doctor
    ```
    """

    code = "ME581"


class NoClient(InputError):
    r"""A task has a Role, and nothing is there that could do its work.

    Which runtime serves a Role is said in the graph (`runtime`), in the project's or the user's
    `budgets.yaml`, or else it is the first client that is found on PATH: `claude`, `codex`, `gemini`,
    `opencode`. None of these is there. `me doctor` says what to type to get one.

    Example:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {role: docs, prompt: Write.}}\n' > x.yaml
    me=$(command -v me); PATH=/nowhere "$me" dag run x.yaml
    ```

    Use instead:

    ```sh
    me doctor
    ```
    """

    code = "ME582"
