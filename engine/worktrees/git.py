"""Git, as a program: no shell, no hooks, no questions, and nothing of the surroundings of another git."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

MINIMUM: Final = (2, 38)
"""`git merge-tree --write-tree`, which merges without a checkout, came with this version."""

_QUIET: Final = (
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.quotePath=false"),
    *("-c", "core.safecrlf=false"),
    *("-c", "commit.gpgSign=false"),
    *("-c", "i18n.commitEncoding=UTF-8"),
    *("-c", "gc.auto=0"),
    *("-c", "maintenance.auto=false"),
    *("-c", "advice.addEmbeddedRepo=false"),
    *("-c", "advice.detachedHead=false"),
)
_KEPT: Final = frozenset(
    {
        *(f"GIT_{role}_{what}" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")),
        *("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_EXEC_PATH"),
    }
)
"""Who commits, and where git finds itself: what of git's variables says nothing about one repository."""

_WHO: Final = ("metaensemble", "metaensemble@localhost")
_STEP: Final = 0.05


class GitError(Exception):
    """A command of git failed; the text is what it said."""


class Stopped(Exception):
    """Nobody wants any more what git was doing."""


class Git:
    """Runs git in one directory. `environ` is what it inherits; `stopped` is asked while it works, and ends
    it when it says yes."""

    def __init__(
        self, folder: str | Path, environ: Mapping[str, str], *, stopped: Callable[[], bool] = lambda: False
    ) -> None:
        self.folder = str(folder)
        self._stopped = stopped
        self._environ = {
            name: value for name, value in environ.items() if not name.startswith("GIT_") or name in _KEPT
        }
        self._environ |= {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}

    def inside(self, tree: str, gitdir: str) -> Git:
        """The same, in the worktree at `tree`, whose administration lies at `gitdir`.

        Git is told both and looks for neither: what a task did to the file `.git` in its worktree can lead it
        nowhere else, such as into the repository around it.
        """
        found = self._like(tree)
        found._environ |= {"GIT_DIR": gitdir, "GIT_WORK_TREE": tree}
        return found

    def as_somebody(self) -> Git:
        """The same, with an identity of ours for commits where the user has none."""
        found = self._like(self.folder)
        for role in ("AUTHOR", "COMMITTER"):
            if not found.holds("var", f"GIT_{role}_IDENT"):
                found._environ |= {f"GIT_{role}_NAME": _WHO[0], f"GIT_{role}_EMAIL": _WHO[1]}
        return found

    def _like(self, folder: str) -> Git:
        found = Git(folder, {}, stopped=self._stopped)
        found._environ = dict(self._environ)
        return found

    def run(self, *args: str, text: str = "", ok: tuple[int, ...] = (0,)) -> tuple[int, str]:
        """The status and what was printed, without its last newline. Raises `GitError` for a status that is
        not among `ok`, and `Stopped`."""
        if self._stopped():
            raise Stopped
        try:
            process = subprocess.Popen(
                ["git", *_QUIET, *args],
                cwd=self.folder,
                env=self._environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            raise GitError((error.strerror or str(error)).lower()) from None
        out, err = self._ended(process, text.encode("utf-8", "surrogateescape"))
        if process.returncode not in ok:
            raise GitError(_said(err) or _said(out) or "it failed without a word")
        return process.returncode, out.decode("utf-8", "surrogateescape").removesuffix("\n")

    def _ended(self, process: subprocess.Popen[bytes], text: bytes) -> tuple[bytes, bytes]:
        given: bytes | None = text
        while True:
            try:
                return process.communicate(given, timeout=_STEP)
            except subprocess.TimeoutExpired:
                given = None
            if self._stopped():
                # Asked to end, git takes its own locks away.
                process.terminate()
                process.communicate()
                raise Stopped

    def said(self, *args: str, text: str = "") -> str:
        """What a command printed. Raises `GitError`."""
        return self.run(*args, text=text)[1]

    def holds(self, *args: str) -> bool:
        """Whether a command that answers by its status says yes."""
        return self.run(*args, ok=(0, 1, 128))[0] == 0

    def commit_of(self, name: str) -> str | None:
        """The commit that a name means; None when it means none."""
        if name.startswith("-"):
            return None
        status, said = self.run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", ok=(0, 1, 128))
        return said if status == 0 else None

    def contains(self, commit: str, other: str) -> bool:
        """Whether the commit `other` is `commit`, or among those before it."""
        return commit == other or self.holds("merge-base", "--is-ancestor", other, commit)

    def refs(self, prefix: str) -> list[tuple[str, str]]:
        """The refs below `prefix`, each with its commit."""
        said = self.said("for-each-ref", "--format=%(refname) %(objectname)", prefix)
        return [(name, head) for name, _, head in (line.partition(" ") for line in said.splitlines())]


def _said(data: bytes) -> str:
    """What git said, in one line: its complaint, and what it lists below it."""
    lines = [line.strip() for line in data.decode("utf-8", "replace").splitlines()]
    found = [line for line in lines if line and not line.startswith(("hint:", "Aborting", "warning:"))]
    if len(found) > _MOST_LINES:
        found = [*found[:_MOST_LINES], "…"]
    return " ".join(found).removeprefix("fatal: ").removeprefix("error: ")


_MOST_LINES: Final = 4


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
