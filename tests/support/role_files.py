"""Role files for tests, and the folders that they lie in."""

from __future__ import annotations

from pathlib import Path

WHOLE = "version: 1.2.0\ndescription: Looks at things.\nmodel_tier: haiku"


def role_text(name: str, keys: str = WHOLE, body: str = "Look at it.\n") -> str:
    """A Role file; `keys` are lines of YAML."""
    return f"---\nname: {name}\n{keys}\n---\n{body}"


def put_role(root: Path, name: str, keys: str = WHOLE, body: str = "Look at it.\n") -> Path:
    """Write the Role into the layer of `root`, a project or a home."""
    return put_file(root, f"{name}.md", role_text(name, keys, body))


def put_file(root: Path, file: str, content: str | bytes) -> Path:
    """Write a file into the folder of Roles of `root`."""
    folder = root / ".metaensemble" / "roles"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
