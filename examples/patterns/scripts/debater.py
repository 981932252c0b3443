"""Says what language a text is in; who has heard the others goes with whoever is surest together."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any


def main(method: str, path: str) -> None:
    """Vote by one method; from the second round on there are `others` on standard input."""
    own: dict[str, Any] = import_module(method).vote(Path(path).read_text(encoding="utf-8"))
    given = sys.stdin.read()
    others = json.loads(given).get("others") if given else None
    if others:
        weight = {own["language"]: own["sure"]}
        for other in others.values():
            if other["status"] == "ok":
                said = other["output"]
                weight[said["language"]] = weight.get(said["language"], 0) + said["sure"]
        best = max(weight, key=lambda name: weight[name])
        if best != own["language"]:
            own = {**own, "language": best, "reason": f"the others are surer; on my own: {own['reason']}"}
    print(json.dumps(own))


if __name__ == "__main__":
    main(*sys.argv[1:])
