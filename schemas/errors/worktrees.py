"""ME59x: worktrees that cannot be made, and work that cannot be taken out of them."""

from __future__ import annotations

from .base import InputError


class NoRepository(InputError):
    r"""A task asks for a worktree, and the project is no git repository that one could be made from.

    A worktree is a second checkout of a repository. There must be a git that is new enough, a repository that
    has a working tree, and a first commit in it.

    Example:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: "true", isolation: worktree}}\n' > x.yaml
    me dag run x.yaml
    ```

    Use instead:

    ```sh
    printf 'version: 1\nname: x\ntasks: {a: {run: "true"}}\n' > x.yaml
    me dag run x.yaml
    ```
    """

    code = "ME590"


class DirtyBase(InputError):
    r"""A task asks for a worktree, and the project has changes that are not committed.

    A worktree begins at a commit: what is changed and not committed would be missing there, and the result
    would not fit to what you see. So such changes are refused before anything is spent. Files that git does
    not know are no reason; they are absent from the worktree, which `setup` can mend.

    Example:

    ```sh
    git init -q . && git -c user.name=me -c user.email=me@here commit -q --allow-empty -m first
    echo one > notes.txt && git add notes.txt
    printf 'version: 1\nname: tidy\ntasks: {tidy: {run: "true", isolation: worktree}}\n' > tidy.yaml
    me dag run tidy.yaml
    ```

    Use instead:

    ```sh
    git init -q . && echo one > notes.txt && git add notes.txt
    git -c user.name=me -c user.email=me@here commit -q -m first
    printf 'version: 1\nname: tidy\ntasks: {tidy: {run: "true", isolation: worktree}}\n' > tidy.yaml
    me dag run tidy.yaml
    ```
    """

    code = "ME591"


class UnknownWork(InputError):
    """There is no work of that name that could be taken out of a worktree.

    `me worktrees list` shows what there is: the worktrees, the branches that DAG runs left, and what was
    salvaged of attempts that did not end well.

    Example:

    ```sh
    git init -q .
    me worktrees apply nothing-of-this-name
    ```

    Use instead:

    ```sh
    me worktrees list
    ```
    """

    code = "ME592"


class WorkDoesNotFit(InputError):
    """What was done in worktrees does not fit together, or not to what is there now. Nothing was changed.

    Two branches changed the same lines, or your own branch did. Merge them by hand: the branches are ordinary
    ones, and `git merge BRANCH` stops where they differ. What you have not committed is in the way as well.

    Example:

    ```sh
    git init -q . && echo one > notes.txt && git add notes.txt
    git -c user.name=me -c user.email=me@here commit -q -m first
    git branch work && echo two > notes.txt
    me worktrees apply work
    ```

    Use instead:

    ```sh
    git init -q . && echo one > notes.txt && git add notes.txt
    git -c user.name=me -c user.email=me@here commit -q -m first
    git branch work
    me worktrees apply work
    ```
    """

    code = "ME593"
