"""What can be wrong with the Ledger, or with what is asked of it."""

from __future__ import annotations

from .base import InputError, LedgerError


class LedgerLocked(LedgerError):
    """Another process kept the Ledger locked for longer than we wait.

    Writers take turns, and each turn lasts a fraction of a millisecond, so this means that a program
    holds a transaction open (a database browser with unsaved changes, say) or was stopped in the
    middle of one. Nothing was lost: what could not be recorded was not begun. Close that program, or
    let it go on, and repeat the command; a DAG run goes on with `me dag resume`.

    Example:

    ```python
    import sqlite3, tempfile
    from pathlib import Path
    from metaensemble.engine.ledger import Ledger, Record
    with tempfile.TemporaryDirectory() as folder:
        with Ledger.open(Path(folder), busy_timeout_ms=20) as ledger:
            other = sqlite3.connect(Path(folder) / "department.db", isolation_level=None)
            try:
                other.execute("BEGIN IMMEDIATE")
                ledger.append([Record("note", "n1", None, {})])
            finally:
                other.close()
    ```

    Use instead:

    ```python
    import sqlite3, tempfile
    from pathlib import Path
    from metaensemble.engine.ledger import Ledger, Record
    with tempfile.TemporaryDirectory() as folder:
        with Ledger.open(Path(folder), busy_timeout_ms=20) as ledger:
            other = sqlite3.connect(Path(folder) / "department.db", isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            other.execute("COMMIT")
            other.close()
            ledger.append([Record("note", "n1", None, {})])
    ```
    """

    code = "ME701"


class RunHeld(LedgerError):
    """Another Coordinator is at work on this DAG run.

    One DAG run has one Coordinator at a time, so that no task is started twice. The message names
    the process that holds it. Wait until it has ended, or stop it (`me dag cancel`); the hold ends
    with the process, however it ends, so there is never a stale lock to remove.

    Example:

    ```python
    import tempfile
    from pathlib import Path
    from metaensemble.engine.ledger import DagRunLock
    with tempfile.TemporaryDirectory() as folder:
        with DagRunLock(Path(folder), "0190a1b2-0000-7000-8000-000000000001"):
            DagRunLock(Path(folder), "0190a1b2-0000-7000-8000-000000000001").acquire()
    ```

    Use instead:

    ```python
    import tempfile
    from pathlib import Path
    from metaensemble.engine.ledger import DagRunLock
    with tempfile.TemporaryDirectory() as folder:
        with DagRunLock(Path(folder), "0190a1b2-0000-7000-8000-000000000001"):
            pass
        with DagRunLock(Path(folder), "0190a1b2-0000-7000-8000-000000000001"):
            pass
    ```
    """

    code = "ME702"


class NewerLedger(LedgerError):
    """The Ledger was written by a newer version of this program.

    An older version could misread what a newer one wrote, so it does not touch the file. Upgrade
    this program, or work with the project in the version that wrote it.

    Example:

    ```python
    import sqlite3, tempfile
    from pathlib import Path
    from metaensemble.engine.ledger import Ledger
    with tempfile.TemporaryDirectory() as folder:
        Ledger.open(Path(folder)).close()
        other = sqlite3.connect(Path(folder) / "department.db")
        other.execute("PRAGMA user_version = 999")
        other.close()
        Ledger.open(Path(folder))
    ```

    Use instead:

    ```python
    import tempfile
    from pathlib import Path
    from metaensemble.engine.ledger import Ledger
    with tempfile.TemporaryDirectory() as folder:
        Ledger.open(Path(folder)).close()
        Ledger.open(Path(folder)).close()
    ```
    """

    code = "ME703"


class LedgerDamaged(LedgerError):
    """The database file is not a Ledger, or is damaged.

    SQLite could not read `department.db`, or found in it what this program never writes. The mirror
    `runs.jsonl` beside it holds every record, so `me ledger rebuild` makes the database anew; the
    damaged file is kept beside it.

    Example:

    ```python
    import tempfile
    from pathlib import Path
    from metaensemble.engine.ledger import Ledger
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "department.db").write_bytes(b"this is no database at all" * 200)
        Ledger.open(Path(folder))
    ```

    Use instead:

    ```python
    import tempfile
    from pathlib import Path
    from metaensemble.engine.ledger import rebuild, Ledger, Record
    with tempfile.TemporaryDirectory() as folder:
        with Ledger.open(Path(folder)) as ledger:
            ledger.append([Record("note", "n1", None, {})])
        (Path(folder) / "department.db").write_bytes(b"this is no database at all" * 200)
        rebuild(Path(folder))
        Ledger.open(Path(folder)).close()
    ```
    """

    code = "ME704"


class LedgerFull(LedgerError):
    """There is no space left for the Ledger.

    The disk is full, or a quota or a limit on file sizes was reached. What was recorded stays
    readable (`me dag status`, `me ledger recent`), and nothing was left half-written. Make space and
    go on with `me dag resume`.

    Example:

    ```python
    import tempfile
    from pathlib import Path
    from metaensemble.engine.ledger import Ledger, Record
    with tempfile.TemporaryDirectory() as folder, Ledger.open(Path(folder)) as ledger:
        ledger.connection.execute("PRAGMA max_page_count = 1")
        for number in range(100):
            ledger.append([Record("note", f"n{number}", None, {"text": "x" * 1000})])
    ```

    Use instead:

    ```python
    import tempfile
    from pathlib import Path
    from metaensemble.engine.ledger import Ledger, Record
    with tempfile.TemporaryDirectory() as folder, Ledger.open(Path(folder)) as ledger:
        for number in range(100):
            ledger.append([Record("note", f"n{number}", None, {"text": "x" * 1000})])
    ```
    """

    code = "ME705"


class LedgerReadOnly(LedgerError):
    """The Ledger cannot be written: the disk or the folder is read-only, or belongs to someone else.

    Reading commands work all the same. Make the project's `.metaensemble/state` writable (0700 for
    folders, 0600 for files, owned by you), then go on with `me dag resume`.

    Example:

    ```python
    import tempfile
    from pathlib import Path
    from metaensemble.engine.ledger import Ledger, Record
    with tempfile.TemporaryDirectory() as folder:
        Ledger.open(Path(folder)).close()
        with Ledger.open(Path(folder), readonly=True) as ledger:
            ledger.append([Record("note", "n1", None, {})])
    ```

    Use instead:

    ```python
    import tempfile
    from pathlib import Path
    from metaensemble.engine.ledger import Ledger
    with tempfile.TemporaryDirectory() as folder:
        Ledger.open(Path(folder)).close()
        with Ledger.open(Path(folder), readonly=True) as ledger:
            assert ledger.head().seq == 0
    ```
    """

    code = "ME706"


class ChainBroken(LedgerError):
    """The journal is not what this program wrote: a record was changed, removed or moved.

    Every record carries the hash of the one before it. `me ledger verify` found a record whose hash
    does not fit, or a mirror that tells another story than the database. The records before that
    place are whole.

    Example:

    ```python
    import sqlite3, tempfile
    from pathlib import Path
    from metaensemble.engine.ledger import Ledger, Record
    with tempfile.TemporaryDirectory() as folder, Ledger.open(Path(folder)) as ledger:
        ledger.append([Record("note", "n1", None, {"text": "as it was"})])
        ledger.connection.execute("DROP TRIGGER journal_no_update")
        ledger.connection.execute("UPDATE journal SET payload = '{}'")
        ledger.verify().raise_first()
    ```

    Use instead:

    ```python
    import tempfile
    from pathlib import Path
    from metaensemble.engine.ledger import Ledger, Record
    with tempfile.TemporaryDirectory() as folder, Ledger.open(Path(folder)) as ledger:
        ledger.append([Record("note", "n1", None, {"text": "as it was"})])
        ledger.append([Record("note", "n1", None, {"text": "corrected"})])
        ledger.verify().raise_first()
    ```
    """

    code = "ME707"


class BlobMissing(LedgerError):
    """A stored file that a record names is not there, or is not what it was.

    Large texts (outputs, diffs, compiled graphs) lie under `state/blobs`, each named by the SHA-256
    of its content. The record itself is whole; what cannot be shown is the text. Restore the file
    from a backup of the project folder.

    Example:

    ```python
    import tempfile
    from pathlib import Path
    from metaensemble.engine.ledger import Ledger
    with tempfile.TemporaryDirectory() as folder, Ledger.open(Path(folder)) as ledger:
        ledger.blobs.get("0" * 64)
    ```

    Use instead:

    ```python
    import tempfile
    from pathlib import Path
    from metaensemble.engine.ledger import Ledger
    with tempfile.TemporaryDirectory() as folder, Ledger.open(Path(folder)) as ledger:
        name = ledger.blobs.put(b"a long text")
        assert ledger.blobs.get(name) == b"a long text"
    ```
    """

    code = "ME708"


class ConflictingRecord(LedgerError):
    """A Run, an attempt or a DAG run is on record already, and differently.

    A Run is recorded once. To record the same outcome again changes nothing and is fine; another
    outcome for the same Run is refused, because what is on record is the truth.

    Example:

    ```python
    import tempfile
    from pathlib import Path
    from metaensemble.engine.ledger import Ledger, Record
    end = {"node_id": "a", "outcome": "ok", "node_state": "ok"}
    with tempfile.TemporaryDirectory() as folder, Ledger.open(Path(folder)) as ledger:
        ledger.append([Record("attempt.finished", "r1", "d1", end)])
        ledger.append([Record("attempt.finished", "r1", "d1", {**end, "outcome": "failed"})])
    ```

    Use instead:

    ```python
    import tempfile
    from pathlib import Path
    from metaensemble.engine.ledger import Ledger, Record
    end = {"node_id": "a", "outcome": "ok", "node_state": "ok"}
    with tempfile.TemporaryDirectory() as folder, Ledger.open(Path(folder)) as ledger:
        first = ledger.append([Record("attempt.finished", "r1", "d1", end)])
        again = ledger.append([Record("attempt.finished", "r1", "d1", end)])
        assert first == again
    ```
    """

    code = "ME709"


class LedgerMissing(LedgerError):
    """There is no Ledger here yet.

    A Ledger is made by the first `me dag run` in a project. A command that only reads does not make
    one. Check that you are in the project that you mean: its root is the nearest parent folder with
    `.metaensemble`, else with `.git`; `me -C DIR` names another. Where only the database is gone and
    its mirror `runs.jsonl` is still there, `me ledger rebuild` makes it anew.

    Example:

    ```python
    import tempfile
    from pathlib import Path
    from metaensemble.engine.ledger import Ledger
    with tempfile.TemporaryDirectory() as folder:
        Ledger.open(Path(folder), readonly=True)
    ```

    Use instead:

    ```python
    import tempfile
    from pathlib import Path
    from metaensemble.engine.ledger import Ledger
    with tempfile.TemporaryDirectory() as folder:
        Ledger.open(Path(folder)).close()
        Ledger.open(Path(folder), readonly=True).close()
    ```
    """

    code = "ME710"


class LedgerInUse(LedgerError):
    """The database cannot be replaced while another process works with it.

    `me ledger rebuild` puts a new database in the place of the old one, and what another process
    writes meanwhile would be lost. Let the DAG runs end or stop them, close programs that have the
    database open for writing, and repeat the command.

    Example:

    ```python
    import tempfile
    from pathlib import Path
    from metaensemble.engine.ledger import rebuild, Ledger
    with tempfile.TemporaryDirectory() as folder:
        with Ledger.open(Path(folder)):
            rebuild(Path(folder), wait_ms=20)
    ```

    Use instead:

    ```python
    import tempfile
    from pathlib import Path
    from metaensemble.engine.ledger import rebuild, Ledger
    with tempfile.TemporaryDirectory() as folder:
        with Ledger.open(Path(folder)):
            pass
        rebuild(Path(folder), wait_ms=20)
    ```
    """

    code = "ME711"


class LedgerUnreadable(LedgerError):
    """The system reported an error when the Ledger's files were read or written.

    The message carries the system's own words: a disk that fails, a share that went away, a folder
    that may not be entered. Nothing was recorded by the call that failed.

    Example:

    ```python
    import tempfile
    from pathlib import Path
    from metaensemble.engine.ledger import Ledger
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "state").write_text("a file where a folder should be")
        Ledger.open(Path(folder) / "state")
    ```

    Use instead:

    ```python
    import tempfile
    from pathlib import Path
    from metaensemble.engine.ledger import Ledger
    with tempfile.TemporaryDirectory() as folder:
        Ledger.open(Path(folder) / "state").close()
    ```
    """

    code = "ME712"


class AmbiguousRun(InputError):
    """Several Runs begin with what was typed.

    An id may be shortened as long as it is clear which one is meant. Type some more of it;
    `me ledger recent` lists the ids in full.

    Example:

    ```python
    import tempfile
    from pathlib import Path
    from metaensemble.engine.ledger import Ledger, Record, queries
    end = {"node_id": "a", "outcome": "ok", "node_state": "ok"}
    with tempfile.TemporaryDirectory() as folder, Ledger.open(Path(folder)) as ledger:
        ledger.append([Record("attempt.finished", name, "d1", end) for name in ("0190aa", "0190ab")])
        queries.find_run(ledger, "0190")
    ```

    Use instead:

    ```python
    import tempfile
    from pathlib import Path
    from metaensemble.engine.ledger import Ledger, Record, queries
    end = {"node_id": "a", "outcome": "ok", "node_state": "ok"}
    with tempfile.TemporaryDirectory() as folder, Ledger.open(Path(folder)) as ledger:
        ledger.append([Record("attempt.finished", name, "d1", end) for name in ("0190aa", "0190ab")])
        assert queries.find_run(ledger, "0190ab").run_id == "0190ab"
    ```
    """

    code = "ME713"
