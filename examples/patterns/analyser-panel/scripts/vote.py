"""What the three analysers have in common: which file they look at, and how they vote."""

from __future__ import annotations

import json
import os
from pathlib import Path

FILE = Path(os.environ["ME_IN_FILE"])


def say(findings: list[str]) -> None:
    """Print the vote: mend where anything was found, else ship."""
    if not findings:
        print(json.dumps({"verdict": "ship", "reason": "nothing was found"}))
        return
    more = f", and {len(findings) - 1} more" if len(findings) > 1 else ""
    print(json.dumps({"verdict": "mend", "reason": findings[0] + more}))
