"""Projects whose commands say what a test tells them to, node by node, and write down that they ran."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from metaensemble import api
from metaensemble.schemas.report import NodeReport, Report

DO = """\
#!/bin/sh
# Says what `says/NODE` says, or else its argument; fails where that is FAIL. Keeps what it was told.
name=$(echo "$ME_NODE_ID" | tr / :)
echo "$ME_ATTEMPT_ID" >> "ran/$name"
echo "$ME_NODE_ID" >> log
cat > "told/$name"
test -e "gate/$name" && cat "gate/$name" > /dev/null
test -e "says/$name" || { printf '%s\\n' "$1"; exit 0; }
test "$(cat "says/$name")" = FAIL && { echo "it was told to" >&2; exit 3; }
cat "says/$name"
"""

PROGRAMS = ("do", "other", "third", "judge", "check")
"""The same script under several names: who judges is of another family than who is judged."""

RESULTS = ("verdict", "synthesis", "join", "decision", "result", "primary", "act")
"""The pieces that speak for their patterns."""

VOTE = "{type: object, required: [vote], properties: {vote: {type: boolean}, reason: {type: string}}}"


class PatternProject:
    """A folder with the programs in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / ".metaensemble").mkdir(parents=True)
        for name in ("says", "gate", "told", "ran"):
            (root / name).mkdir()
        for name in PROGRAMS:
            script = root / f"{name}.sh"
            script.write_text(DO)
            script.chmod(0o755)
        self.graph = root / "graph.yaml"

    def says(self, node: str, value: Any) -> None:
        """From now on the node hands on `value`, as JSON unless it is text."""
        text = value if isinstance(value, str) else json.dumps(value)
        self._said(node).write_text(text)

    def fails(self, node: str) -> None:
        """From now on the node fails."""
        self.says(node, "FAIL")

    def mends(self, node: str) -> None:
        """From now on the node does as it would by itself."""
        self._said(node).unlink()

    def _said(self, node: str) -> Path:
        return self.root / "says" / node.replace("/", ":")

    def told(self, node: str) -> Any:
        """What the node was given on its standard input, the last time."""
        text = (self.root / "told" / node.replace("/", ":")).read_text()
        return json.loads(text) if text.strip() else {}

    def write(self, text: str, name: str = "graph") -> None:
        (self.root / f"{name}.yaml").write_text(text)

    def run(self, text: str | None = None, **more: Any) -> Report:
        """Write the graph, if one is given, and run it."""
        if text is not None:
            self.write(text)
        return api.run(self.graph, cwd=self.root, **more)

    def resume(self, **more: Any) -> Report:
        return api.resume(None, cwd=self.root, **more)

    def status(self) -> Report:
        return api.status(None, cwd=self.root, outputs=True)

    def node(self, name: str) -> NodeReport:
        """A node of the newest DAG run."""
        return next(node for node in self.status().nodes if node.id == name)

    def output(self, name: str) -> Any:
        """What the node hands on; of a pattern, what its result does."""
        nodes = {node.id: node for node in self.status().nodes}
        while nodes[name].kind == "pattern":
            name = next(f"{name}.{end}" for end in RESULTS if f"{name}.{end}" in nodes)
        return nodes[name].output

    def states(self) -> dict[str, str]:
        return {node.id: node.state for node in self.status().nodes}

    def ran(self) -> list[str]:
        """The nodes whose commands ran since this was asked last, sorted."""
        log = self.root / "log"
        found = sorted(log.read_text().split()) if log.exists() else []
        log.unlink(missing_ok=True)
        return found

    def report_of(self, node: str) -> str:
        """What a join left for people."""
        path = self.node(node).deliverable
        assert path is not None
        return (self.root / path).read_text()
