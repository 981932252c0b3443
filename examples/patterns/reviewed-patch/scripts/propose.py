"""The author: lets ruff repair a copy of a project, and proposes the difference as a patch.

The first patch holds all that ruff can do. What the reviewers found comes back as the input `reviews`,
and the author leaves out what they stumbled over.
"""

from __future__ import annotations

import difflib
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from patching import copied, python_files

PLAIN = ["--isolated", "--no-cache", "--quiet"]
STEPS = {
    "safe fixes": ["check", *PLAIN, "--select", "E4,E7,E9,F", "--fix", "--exit-zero"],
    "unsafe fixes": ["check", *PLAIN, "--select", "E4,E7,E9,F", "--fix", "--unsafe-fixes", "--exit-zero"],
    "format": ["format", *PLAIN],
}
LEFT_OUT = {"tests": "unsafe fixes", "size": "format", "applies": "unsafe fixes"}
"""What to leave out of the next patch, by what a finding is about."""


def findings() -> list[dict[str, str]]:
    """What all reviewers found in the draft before; nothing in the first round."""
    reviews = json.loads(os.environ.get("ME_IN_REVIEWS", "{}"))
    given = [review["output"] for review in reviews.values() if review["status"] == "ok"]
    return [finding for review in given for finding in review.get("findings", [])]


def steps_before() -> list[str]:
    """The steps of the draft before."""
    draft = json.loads(os.environ.get("ME_IN_DRAFT", "null"))
    return draft["steps"] if draft is not None else list(STEPS)


def main(project: Path) -> None:
    """Print the patch, and by which steps it was made."""
    unwanted = {LEFT_OUT[finding["about"]] for finding in findings()}
    steps = [step for step in steps_before() if step not in unwanted]
    with TemporaryDirectory() as place:
        copy = copied(project, Path(place))
        for step in steps:
            subprocess.run(["ruff", *STEPS[step], str(copy)], stdout=sys.stderr, check=True)
        patch = "".join(
            line
            for name in python_files(project)
            for line in difflib.unified_diff(
                (project / name).read_text(encoding="utf-8").splitlines(keepends=True),
                (copy / name).read_text(encoding="utf-8").splitlines(keepends=True),
                f"a/{name}",
                f"b/{name}",
            )
        )
    print(json.dumps({"steps": steps, "patch": patch}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
