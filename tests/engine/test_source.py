from __future__ import annotations

import hashlib
from pathlib import Path

from metaensemble.engine.source import source_state


def test_how_a_file_stands_to_what_was_read_of_it(tmp_path: Path) -> None:
    file = tmp_path / "graph.yaml"
    file.write_bytes(b"tasks: {}\n")
    digest = hashlib.sha256(b"tasks: {}\n").hexdigest()
    assert source_state(str(file), digest) == "same"
    file.write_bytes(b"tasks: {a: {run: echo}}\n")
    assert source_state(str(file), digest) == "changed"
    assert source_state(str(file), None) == "changed"
    assert source_state(str(file / "below"), digest) == "gone"
    file.unlink()
    assert source_state(str(file), digest) == "gone"
    assert source_state(str(tmp_path), digest) == "changed", "what cannot be read is not the same"
