"""A Manifest as YAML text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml


def manifest_yaml(manifest: Mapping[str, Any]) -> str:
    """The YAML of a Manifest, keys in their order; reading it gives the same values."""
    return yaml.safe_dump(dict(manifest), sort_keys=False, allow_unicode=True, width=100)
