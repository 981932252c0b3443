"""The Ledger: append-only truth about everything that was attempted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...schemas.lazy import lazy_exports

__all__ = [
    "FAULT_POINTS",
    "BlobStore",
    "BlobWriter",
    "DagRunLock",
    "Head",
    "Holder",
    "Journaled",
    "Ledger",
    "Mirror",
    "Record",
    "held_dag_runs",
    "is_held",
    "storage_facts",
    "this_process",
]

if TYPE_CHECKING:
    from .blobs import BlobStore, BlobWriter
    from .fault_points import FAULT_POINTS
    from .identity import Holder, this_process
    from .ledger import Ledger
    from .lock import DagRunLock, held_dag_runs, is_held
    from .mirror import Mirror
    from .records import Head, Journaled, Record
    from .storage import storage_facts
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "FAULT_POINTS": ".fault_points",
            "BlobStore": ".blobs",
            "BlobWriter": ".blobs",
            "DagRunLock": ".lock",
            "Head": ".records",
            "Holder": ".identity",
            "Journaled": ".records",
            "Ledger": ".ledger",
            "Mirror": ".mirror",
            "Record": ".records",
            "held_dag_runs": ".lock",
            "is_held": ".lock",
            "storage_facts": ".storage",
            "this_process": ".identity",
        },
    )
