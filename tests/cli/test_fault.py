"""A fault of ours in a real process: what is said, what is written, and what is in neither."""

from __future__ import annotations

import base64
import json
import re
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from metaensemble.cli.fault import without_secrets
from support.program import run_sh
from support.rights import obey_modes

SECRET = "s3cr3t/word+with spaces"
FORMS = [SECRET, json.dumps(SECRET)[1:-1], quote(SECRET, safe=""), base64.b64encode(SECRET.encode()).decode()]

BROKEN = """\
#!{python}
import base64, os, sys, tempfile, urllib.parse
from metaensemble import api
from metaensemble.cli.main import main
sys.argv[0] = "me"
if "NO_PLACE" in os.environ:
    tempfile.tempdir = "/no/such/folder"

def broken(*_, **__):
    secret = os.environ["TOKEN"]
    try:
        raise KeyError(secret)
    except KeyError as error:
        raise RuntimeError(urllib.parse.quote(secret), base64.b64encode(secret.encode())) from error

api.status = broken
sys.exit(main())
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A PATH on which `me dag status` meets a fault of ours whose text is full of a secret."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "me"
    script.write_text(BROKEN.format(python=sys.executable))
    script.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def without(text: str) -> bool:
    return not any(form in text for form in FORMS)


def test_a_fault_is_told_in_words_and_written_to_a_file(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "tmp"
    folder.mkdir()
    done = run_sh("me dag status --json", path=path, cwd=tmp_path, TOKEN=SECRET, TMPDIR=str(folder))
    assert done.returncode == 70
    assert done.stderr.startswith("error[ME900]: RuntimeError: ")
    assert json.loads(done.stdout)["errors"][0]["code"] == "ME900"
    (file,) = folder.iterdir()
    assert f"please report it with the text in {file}\n" in done.stderr
    assert file.stat().st_mode & 0o077 == 0
    written = file.read_text()
    assert "command: me dag status\n" in written
    assert written.count("Traceback (most recent call last)") == 2
    assert "***TOKEN***" in written
    for text in (done.stdout, done.stderr, written):
        assert without(text)
    assert "Traceback" not in done.stderr


def test_arguments_are_not_written(tmp_path: Path, path: str) -> None:
    done = run_sh("me dag status 0190 --outputs", path=path, cwd=tmp_path, TOKEN=SECRET, TMPDIR=str(tmp_path))
    (file,) = tmp_path.glob("metaensemble-fault-*")
    assert "command: me dag status\n" in file.read_text()
    assert "0190 " not in file.read_text()
    assert done.returncode == 70


@pytest.mark.parametrize("mode", ["missing", "closed"])
def test_a_folder_for_temporary_files_that_is_of_no_use(mode: str, tmp_path: Path, path: str) -> None:
    folder = tmp_path / "tmp"
    if mode == "closed":
        folder.mkdir(mode=0o500)
    done = run_sh(
        "me dag status", path=path, cwd=tmp_path, before=obey_modes, TOKEN=SECRET, TMPDIR=str(folder)
    )
    assert done.returncode == 70
    found = re.search(r"the text in (.*)\n", done.stderr)
    assert found, done.stderr
    file = Path(found[1])
    try:
        assert "Traceback" in file.read_text()
        assert without(file.read_text() + done.stderr)
    finally:
        file.unlink()


def test_without_any_place_for_a_file_the_story_is_printed(tmp_path: Path, path: str) -> None:
    done = run_sh("me dag status", path=path, cwd=tmp_path, TOKEN=SECRET, NO_PLACE="1")
    assert done.returncode == 70
    assert "Traceback (most recent call last)" in done.stderr
    assert "please report it with the text above" in done.stderr
    assert without(done.stderr)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("streams", ["2>/dev/full", ">/dev/full 2>&1", "2>&-", ">&- 2>&-"])
def test_nobody_to_tell(streams: str, tmp_path: Path, path: str) -> None:
    done = run_sh(f"me dag status {streams}", path=path, cwd=tmp_path, TOKEN=SECRET, TMPDIR=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (70, "", "")
    assert len(list(tmp_path.glob("metaensemble-fault-*"))) == 1


def test_every_variable_could_be_a_secret() -> None:
    long = "0123456789abcdef" * 1000
    environ = {"SHORT": "1234567", "LONG": long, "TOKEN": SECRET, "EMPTY": "", "PWD": "/a/folder"}
    text = f"/a/folder 1234567 {SECRET} {long} {json.dumps(SECRET)}"
    assert without_secrets(text, environ) == '/a/folder 1234567 ***TOKEN*** ***LONG*** "***TOKEN***"'
