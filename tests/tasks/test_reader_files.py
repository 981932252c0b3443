"""Files that are no graph: missing, unreadable, endless, huge, of another encoding, or built to crash."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from metaensemble.schemas.errors import InputError, SourceMissing, SourceTooLarge, SourceUnreadable
from metaensemble.tasks import load_problems
from metaensemble.tasks.source_file import decode_source, read_source


def _refused(path: Path) -> InputError:
    loaded, problems = load_problems(path)
    assert loaded is None
    (error,) = problems
    return error


def test_missing(tmp_path: Path) -> None:
    error = _refused(tmp_path / "graph.yaml")
    assert isinstance(error, SourceMissing)
    assert error.hint is None


@pytest.mark.parametrize(
    ("there", "asked", "hint"),
    [
        ("graph.yml", "graph.yaml", "graph.yml"),
        ("graph.yaml", "graph", "graph.yaml"),
        ("release.yaml", "relaese.yaml", "release.yaml"),
    ],
)
def test_missing_with_a_near_one_beside_it(tmp_path: Path, there: str, asked: str, hint: str) -> None:
    (tmp_path / there).touch()
    found = _refused(tmp_path / asked).hint
    assert found is not None
    assert found.endswith(f"{hint}`?")


def test_missing_directory_and_broken_link(tmp_path: Path) -> None:
    assert "directory" in str(_refused(tmp_path / "no" / "graph.yaml").hint)
    (tmp_path / "link.yaml").symlink_to("nowhere.yaml")
    assert "link to nothing" in _refused(tmp_path / "link.yaml").message


def test_a_directory(tmp_path: Path) -> None:
    error = _refused(tmp_path)
    assert isinstance(error, SourceUnreadable)
    assert "directory" in error.message


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_no_permission(tmp_path: Path) -> None:
    path = tmp_path / "graph.yaml"
    path.touch(mode=0o000)
    assert "permission denied" in _refused(path).message


def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe.yaml"
    os.mkfifo(path)
    assert "a pipe" in _refused(path).message


def test_an_endless_device_is_not_read() -> None:
    assert "a device" in _refused(Path("/dev/zero")).message


def test_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.yaml")
        assert isinstance(_refused(Path("s.yaml")), SourceUnreadable)


def test_a_name_that_no_file_can_have() -> None:
    assert isinstance(_refused(Path("a\0b")), SourceUnreadable)
    assert isinstance(_refused(Path("x" * 5_000)), SourceUnreadable)


def test_a_hundred_megabytes_are_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    with path.open("wb") as stream:
        stream.truncate(100_000_000)
    tracemalloc.start()
    try:
        error = _refused(path)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 5_000_000
    assert isinstance(error, SourceTooLarge)
    assert "100.0 MB" in error.message


def test_the_limit_itself_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(b"#" * 10_000_000)
    assert len(read_source(path)) == 10_000_000
    path.write_bytes(b"#" * 10_000_001)
    assert isinstance(_refused(path), SourceTooLarge)


@pytest.mark.parametrize(
    ("data", "code", "place"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00", "ME104", None),
        (b"a: \x00", "ME104", None),
        ("a: b".encode("utf-16"), "ME105", None),
        (b"a: 1\nb: gr\xfcn\n", "ME105", (2, 6)),
        (b"a: \xc3", "ME105", (1, 4)),
        (b"\xef\xbb\xbfa: \xff", "ME105", (1, 4)),
        (b"\xed\xa0\x80", "ME105", (1, 1)),
        (b"a: b\x07c", "ME104", (1, 5)),
        (b"", "ME106", None),
        (b"\xef\xbb\xbf", "ME106", None),
        (b"# only this", "ME106", None),
    ],
)
def test_bytes_that_are_no_text(
    tmp_path: Path, data: bytes, code: str, place: tuple[int, int] | None
) -> None:
    path = tmp_path / "graph.yaml"
    path.write_bytes(data)
    error = _refused(path)
    assert error.code == code
    assert (error.span and (error.span.line, error.span.column)) == place


def test_a_byte_order_mark_is_accepted_and_is_no_column() -> None:
    source = decode_source("\ufeffa: b".encode(), "f")
    assert source.text == "a: b"
    assert source.span(3).column == 4


BOMBS = {
    "flow lists": "'[' * 200_000",
    "flow lists, closed": "'[' * 200_000 + ']' * 200_000",
    "flow maps": "'{a: ' * 200_000",
    "flow maps without keys": "'{' * 200_000",
    "flow lists, line by line": "'[\\n' * 200_000",
    "mixed": "'[{a: ' * 100_000",
    "block lists": "'- ' * 200_000 + 'x'",
    "block maps": "''.join(' ' * i + 'a:\\n' for i in range(3_000))",
    "explicit keys": "'? ' * 200_000 + 'x'",
    "aliases": "'a0: &a0 [x]\\n' + ''.join('a%d: &a%d [' % (i, i) + '*a%d,' % (i - 1) * 20 + ']\\n' for i in range(1, 60))",
    "nested anchors": "'- &a0 [x]\\n' + ''.join(f'- &a{i} [*a{i - 1}]\\n' for i in range(1, 5_000))",
    "quotes": "'\"' * 500_001",
    "open quote": "'a: \"' + 'x' * 2_000_000",
    "long line": "'a' * 2_000_000 + ': b'",
    "expressions": "'a: [' + '${{ x }}, ' * 3_000 + ']'",
    "open expressions": "'a: [' + '${{ x ' * 20_000",
    "tags": "'!t ' * 100_000",
    "tabs": "'a:\\tb\\n' * 50_000",
    "duplicates": "'a: 1\\n' * 50_000",
    "keys": "'? ' * 3 + '[a]: ' * 50_000",
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_nothing_crashes_the_interpreter(bomb: str, tmp_path: Path) -> None:
    """In a process of its own: a stack that overflows in C takes the process along."""
    code = f"""
from metaensemble.tasks import read_problems
for in_python in (False, True):
    text = {bomb}
    text = text if not in_python else text[:20_000]
    document, problems = read_problems(text, in_python=in_python)
    assert problems or in_python, "accepted"
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
