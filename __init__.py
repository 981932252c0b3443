"""MetaEnsemble: a typed runtime for ensembles of cognitive agents."""

from __future__ import annotations

__version__ = "0.1.0"
