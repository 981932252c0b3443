"""The Ledger: append-only truth about everything that was attempted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...schemas.lazy import lazy_exports

__all__ = [
    "EXPORT_TABLES",
    "FAULT_POINTS",
    "BlobStore",
    "BlobWriter",
    "DagRunLock",
    "Head",
    "Holder",
    "Journaled",
    "Ledger",
    "Mirror",
    "Problem",
    "Rebuilt",
    "Record",
    "StorageFacts",
    "Verification",
    "export",
    "held_dag_runs",
    "is_held",
    "rebuild",
    "storage_facts",
    "this_process",
]

if TYPE_CHECKING:
    from .blobs import BlobStore, BlobWriter
    from .exporting import EXPORT_TABLES, export
    from .fault_points import FAULT_POINTS
    from .identity import Holder, this_process
    from .ledger import Ledger
    from .lock import DagRunLock, held_dag_runs, is_held
    from .mirror import Mirror
    from .rebuilding import Rebuilt, rebuild
    from .records import Head, Journaled, Record
    from .storage import StorageFacts, storage_facts
    from .verification import Problem, Verification
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "EXPORT_TABLES": ".exporting",
            "FAULT_POINTS": ".fault_points",
            "BlobStore": ".blobs",
            "BlobWriter": ".blobs",
            "DagRunLock": ".lock",
            "Head": ".records",
            "Holder": ".identity",
            "Journaled": ".records",
            "Ledger": ".ledger",
            "Mirror": ".mirror",
            "Problem": ".verification",
            "Rebuilt": ".rebuilding",
            "Record": ".records",
            "StorageFacts": ".storage",
            "Verification": ".verification",
            "export": ".exporting",
            "held_dag_runs": ".lock",
            "is_held": ".lock",
            "rebuild": ".rebuilding",
            "storage_facts": ".storage",
            "this_process": ".identity",
        },
    )
