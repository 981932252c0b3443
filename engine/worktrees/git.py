"""Git, as a program: no shell, no hooks, no questions, and nothing of the surroundings of another git."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

MINIMUM: Final = (2, 38)
"""`git merge-tree --write-tree`, which merges without a checkout, came with this version."""

_QUIET: Final = (
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "commit.gpgSign=false"),
    *("-c", "gc.auto=0"),
    *("-c", "core.quotePath=false"),
    *("-c", "advice.detachedHead=false"),
)
_WHO: Final = ("metaensemble", "metaensemble@localhost")


class GitError(Exception):
    """A command of git failed; the text is what it said."""


class Git:
    """Runs git in one directory. `environ` is what it inherits."""

    def __init__(self, folder: str | Path, environ: Mapping[str, str]) -> None:
        self.folder = str(folder)
        self._environ = {name: value for name, value in environ.items() if not name.startswith("GIT_")}
        self._environ |= {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}

    def at(self, folder: str | Path) -> Git:
        """The same, in another directory."""
        return Git(folder, self._environ)

    def run(self, *args: str, text: str = "", ok: tuple[int, ...] = (0,)) -> tuple[int, str]:
        """The status and what was printed, without its last newline. Raises `GitError` for a status that is
        not among `ok`."""
        try:
            done = subprocess.run(
                ["git", *_QUIET, *args],
                cwd=self.folder,
                env=self._environ,
                input=text.encode("utf-8", "surrogateescape"),
                capture_output=True,
                check=False,
            )
        except OSError as error:
            raise GitError((error.strerror or str(error)).lower()) from None
        if done.returncode not in ok:
            said = done.stderr.decode("utf-8", "replace").strip() or done.stdout.decode("utf-8", "replace")
            raise GitError(
                said.removeprefix("fatal: ").splitlines()[0] if said else "it failed without a word"
            )
        return done.returncode, done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")

    def said(self, *args: str, text: str = "") -> str:
        """What a command printed. Raises `GitError`."""
        return self.run(*args, text=text)[1]

    def holds(self, *args: str) -> bool:
        """Whether a command that answers by its status says yes."""
        return self.run(*args, ok=(0, 1, 128))[0] == 0

    def as_somebody(self) -> Git:
        """The same, with an identity of ours for commits where the user has none."""
        git = Git(self.folder, self._environ)
        for role in ("AUTHOR", "COMMITTER"):
            if not git.holds("var", f"GIT_{role}_IDENT"):
                git._environ |= {f"GIT_{role}_NAME": _WHO[0], f"GIT_{role}_EMAIL": _WHO[1]}
        return git


def version_of_git(environ: Mapping[str, str]) -> tuple[int, ...] | None:
    """The version of git; None when there is none."""
    if shutil.which("git", path=environ.get("PATH")) is None:
        return None
    try:
        said = Git(os.sep, environ).said("--version")
    except GitError:
        return None
    found = re.search(r"\d+(?:\.\d+)+", said)
    return tuple(int(part) for part in found[0].split(".")) if found else None
