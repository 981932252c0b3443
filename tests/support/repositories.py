"""Git repositories for tests: real ones, with an identity of their own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


class Repository:
    """A repository in `folder`, with one commit of `notes.txt` unless it is to be empty."""

    def __init__(self, folder: Path, *, empty: bool = False) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main", ".")
        self.git("config", "user.email", "me@here")
        self.git("config", "user.name", "me")
        if not empty:
            self.write("notes.txt", "a\nb\nc\nd\ne\nf\ng\n")
            self.commit("first")

    def git(self, *args: str) -> str:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        done = subprocess.run(
            ["git", *args], cwd=self.folder, env=environ, capture_output=True, check=True, text=True
        )
        return done.stdout.strip()

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def read(self, name: str) -> str:
        return (self.folder / name).read_text()

    def commit(self, message: str = "more") -> str:
        self.git("add", "-A")
        self.git("commit", "-qm", message)
        return self.head

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    @property
    def branches(self) -> list[str]:
        return self.git("for-each-ref", "--format=%(refname:short)", "refs/heads/metaensemble/").splitlines()

    @property
    def worktrees(self) -> list[Path]:
        return sorted((self.folder / ".metaensemble" / "worktrees").glob("[!.]*"))

    def changed(self) -> str:
        """What git says has changed, our own folder left out."""
        lines = self.git("status", "--porcelain").splitlines()
        return "\n".join(line for line in lines if not line.endswith(".metaensemble/"))
