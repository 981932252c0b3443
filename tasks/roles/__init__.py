"""Roles: from Markdown files in three layers to one job description each. Imported on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...schemas.lazy import lazy_exports

__all__ = ["Roles", "load_roles"]

if TYPE_CHECKING:
    from .loader import Roles, load_roles
else:
    __getattr__, __dir__ = lazy_exports(__name__, {"Roles": ".loader", "load_roles": ".loader"})
