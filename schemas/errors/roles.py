"""ME36x: Roles that cannot be found or used as they are."""

from __future__ import annotations

from .base import InputError


class UnknownRole(InputError):
    """There is no Role of that name.

    Roles come from three places: nine are part of this program, a user's own lie in
    `~/.metaensemble/roles/`, and a project's own in its `.metaensemble/roles/`. `me roles list` shows them
    all, and `me roles new NAME` begins one.

    Example:

    ```sh
    me roles show backned
    ```

    Use instead:

    ```sh
    me roles show backend
    ```
    """

    code = "ME360"


class InactiveRole(InputError):
    """The Role is archived in this project, and so nobody is given work in it.

    `me roles archive` puts a Role away and retires its Executors; `me roles restore` brings it back with
    those of them that it retired. The names of the archived Roles stand in the project's
    `.metaensemble/active-roles.yaml`.

    Example:

    ```sh
    me roles archive docs
    me roles new house-docs --from docs
    ```

    Use instead:

    ```sh
    me roles archive docs
    me roles restore docs
    me roles new house-docs --from docs
    ```
    """

    code = "ME361"


class NoFrontmatter(InputError):
    r"""A Role file does not begin with its frontmatter, or the frontmatter does not end.

    The very first line is `---`, the keys of the Role follow as YAML, and another line `---` ends them.
    What stands below is the job description, in Markdown.

    Example:

    ```sh
    mkdir -p .metaensemble/roles
    printf 'Keep the releases small.\n' > .metaensemble/roles/backend.md
    me roles validate
    ```

    Use instead:

    ```sh
    mkdir -p .metaensemble/roles
    printf -- '---\nname: backend\nversion: 1.1.0\n---\nKeep the releases small.\n' \
      > .metaensemble/roles/backend.md
    me roles validate
    ```
    """

    code = "ME362"


class RoleLinkedOut(InputError):
    r"""A Role file is a link that leads out of its folder.

    A job description is handed to agents word by word, so a project that somebody else wrote must not be
    able to point it at other files of yours. Links to files of the same folder are followed. A project's
    folder `.metaensemble/roles` must lie in the project itself; your own `~/.metaensemble/roles` may be a
    link to wherever you keep it.

    Example:

    ```sh
    mkdir -p .metaensemble/roles
    printf -- '---\nname: backend\nversion: 1.1.0\n---\nKeep the releases small.\n' > ours.md
    ln -s ../../ours.md .metaensemble/roles/backend.md
    me roles validate
    ```

    Use instead:

    ```sh
    mkdir -p .metaensemble/roles
    printf -- '---\nname: backend\nversion: 1.1.0\n---\nKeep the releases small.\n' > ours.md
    cp ours.md .metaensemble/roles/backend.md
    me roles validate
    ```
    """

    code = "ME363"


class RoleMisnamed(InputError):
    r"""A Role file is not called what its Role is called.

    The file of the Role `backend` is `backend.md`. With another name it would be hard to find, and two
    files could speak of one Role. Neither name can be used until they agree.

    Example:

    ```sh
    mkdir -p .metaensemble/roles
    printf -- '---\nname: backend\nversion: 1.1.0\n---\nKeep the releases small.\n' \
      > .metaensemble/roles/our-backend.md
    me roles validate
    ```

    Use instead:

    ```sh
    mkdir -p .metaensemble/roles
    printf -- '---\nname: backend\nversion: 1.1.0\n---\nKeep the releases small.\n' \
      > .metaensemble/roles/backend.md
    me roles validate
    ```
    """

    code = "ME364"


class RoleTwice(InputError):
    r"""Two files of one folder give the same Role.

    Which of them would count is nobody's guess. A Role may have one file in each layer (this program, the
    user, the project), and a later layer then changes what an earlier one says.

    Example:

    ```sh
    mkdir -p .metaensemble/roles
    printf -- '---\nname: backend\nversion: 1.1.0\n---\nKeep the releases small.\n' \
      > .metaensemble/roles/backend.md
    cp .metaensemble/roles/backend.md .metaensemble/roles/backend-old.md
    me roles validate
    ```

    Use instead:

    ```sh
    mkdir -p .metaensemble/roles
    printf -- '---\nname: backend\nversion: 1.1.0\n---\nKeep the releases small.\n' \
      > .metaensemble/roles/backend.md
    cp .metaensemble/roles/backend.md backend-old.md
    me roles validate
    ```
    """

    code = "ME365"


class RoleUnfinished(InputError):
    r"""A Role still has marks that say what is to be filled in, or no job description at all.

    `me roles new` writes a skeleton with `FILL IN: …` wherever somebody has to think. As long as one of
    these marks is left, or nothing stands below the frontmatter in any layer, nobody is given work in that
    Role.

    Example:

    ```sh
    me roles new reviewer
    me roles validate
    ```

    Use instead:

    ```sh
    me roles new reviewer --from code-quality
    file=.metaensemble/roles/reviewer.md
    sed 's/^description: .*/description: Reads what we release./' "$file" > filled.md
    mv filled.md "$file"
    me roles validate
    ```
    """

    code = "ME366"


class RoleVersionFell(InputError):
    r"""The version of a Role is lower than one that the project has already worked with.

    The Ledger records which version of a Role each Run was done in. A number that goes down would make the
    older text look like the newer one, and Executors would not be looked at when they should be. Where an
    older text is wanted back, give it a new number.

    Example:

    ```sh
    mkdir -p .metaensemble/roles
    printf -- '---\nname: docs\nversion: 3.0.0\n---\nWrite short pages.\n' > .metaensemble/roles/docs.md
    me roles archive docs
    me roles restore docs
    printf -- '---\nname: docs\nversion: 2.0.0\n---\nWrite long pages.\n' > .metaensemble/roles/docs.md
    me roles validate
    ```

    Use instead:

    ```sh
    mkdir -p .metaensemble/roles
    printf -- '---\nname: docs\nversion: 3.0.0\n---\nWrite short pages.\n' > .metaensemble/roles/docs.md
    me roles archive docs
    me roles restore docs
    printf -- '---\nname: docs\nversion: 4.0.0\n---\nWrite long pages.\n' > .metaensemble/roles/docs.md
    me roles validate
    ```
    """

    code = "ME367"


class RoleVersionKept(InputError):
    r"""A Role has changed since the project worked with it last, and its version has not.

    This is a warning: the Role can be used. But Runs before and after the change look alike in the Ledger.
    Raise the last number for better words, the middle one for more to do, and the first one when the
    Role's Executors should be looked at before they go on.

    Example:

    ```sh
    mkdir -p .metaensemble/roles
    printf -- '---\nname: docs\nversion: 3.0.0\n---\nWrite short pages.\n' > .metaensemble/roles/docs.md
    me roles archive docs
    me roles restore docs
    printf -- '---\nname: docs\nversion: 3.0.0\n---\nWrite long pages.\n' > .metaensemble/roles/docs.md
    me roles validate
    ```

    Use instead:

    ```sh
    mkdir -p .metaensemble/roles
    printf -- '---\nname: docs\nversion: 3.0.0\n---\nWrite short pages.\n' > .metaensemble/roles/docs.md
    me roles archive docs
    me roles restore docs
    printf -- '---\nname: docs\nversion: 3.1.0\n---\nWrite long pages.\n' > .metaensemble/roles/docs.md
    me roles validate
    ```
    """

    code = "ME368"


class RoleExists(InputError):
    """`me roles new` was given the name of a file that is there already.

    Nothing is overwritten. Edit the file, or remove it first.

    Example:

    ```sh
    me roles new reviewer --from code-quality
    me roles new reviewer --from backend
    ```

    Use instead:

    ```sh
    me roles new reviewer --from code-quality
    me roles new second-reviewer --from backend
    ```
    """

    code = "ME369"
