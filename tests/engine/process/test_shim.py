"""The process between a Coordinator and an agent, by itself."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.gates import Gate
from support.shims import PROGRAM, ADrivenShim

SLOW = {"metaensemble", "asyncio", "subprocess", "typing", "pathlib", "socket", "re", "site"}


def ended(folder: Path, text: str, **more: Any) -> tuple[dict[str, Any], ADrivenShim]:
    """The envelope of a turn, and its shim, of which nothing lives any more."""
    with ADrivenShim(folder, text, **more) as shim:
        envelope = shim.envelope()
        assert shim.living() == []
        return envelope, shim


def test_it_needs_nothing_but_a_little_of_the_standard_library() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-X", "importtime", str(PROGRAM)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "json" in loaded
    # What `json` needs is there in any case.
    assert not {name for name in loaded if name.split(".")[0] in SLOW - {"re"}}


def test_a_turn_leaves_its_output_and_an_envelope(tmp_path: Path) -> None:
    envelope, shim = ended(tmp_path / "t", "cat; echo bad >&2; exit 3", stdin=b"asked\n")
    assert (envelope["status"], envelope["signal"], envelope["stopped"]) == (3, None, None)
    assert (envelope["attempt"], envelope["key"], envelope["turn"]) == (shim.attempt, "k" * 64, 1)
    assert envelope["sizes"] == {"stdout": 6, "stderr": 4}
    assert envelope["started_ms"] <= envelope["ended_ms"]
    assert (shim.read("stdout"), shim.read("stderr")) == (b"asked\n", b"bad\n")
    assert sorted(os.listdir(shim.folder)) == ["envelope.json", "stderr", "stdin", "stdout"]
    for name in ("envelope.json", "stdout", "stderr"):
        assert stat.S_IMODE((shim.folder / name).stat().st_mode) == 0o600


def test_an_agent_that_a_signal_ends_was_not_stopped(tmp_path: Path) -> None:
    envelope, _ = ended(tmp_path / "t", "kill -9 $$")
    assert (envelope["status"], envelope["signal"], envelope["stopped"]) == (None, 9, None)


@pytest.mark.parametrize(
    ("spec", "step"),
    [
        ({"argv": ["/nowhere/agent"]}, 2),
        ({"argv": ["no-such-agent"]}, 2),
        ({"argv": ["sh", "a\0b"]}, 2),
        ({"cwd": "/nowhere"}, 1),
    ],
)
def test_what_cannot_be_started_says_so(tmp_path: Path, spec: dict[str, Any], step: int) -> None:
    envelope, _ = ended(tmp_path / "t", "true", **spec)
    assert envelope["error"]["step"] == step
    assert envelope["error"]["errno"] > 0
    assert (envelope["status"], envelope["signal"]) == (None, None)


_OF_THE_C_LIBRARY = 0b11 << 31
"""Signals 32 and 33, which no program can set; who started the tests may have left them ignored."""


def test_the_agent_has_a_session_three_descriptors_and_default_signals(tmp_path: Path) -> None:
    # The shell itself has signals blocked while it starts another program: it must become the one that looks.
    look = "exec grep -E 'SigIgn|SigBlk' /proc/self/status"
    text = f"echo $$ $(cut -d' ' -f6 /proc/$$/stat); ls /proc/$$/fd; {look}"
    if not Path("/proc/self/stat").exists():
        pytest.skip("reads /proc")
    _, shim = ended(tmp_path / "t", text)
    ids, *rest = shim.read("stdout").decode().splitlines()
    assert len(set(ids.split())) == 1, "it leads a session of its own"
    assert rest[:3] == ["0", "1", "2"]
    masks = {name: int(bits, 16) & ~_OF_THE_C_LIBRARY for name, bits in map(str.split, rest[3:])}
    assert masks == {"SigBlk:": 0, "SigIgn:": 0}


def test_it_may_open_as_many_files_as_it_is_told(tmp_path: Path) -> None:
    _, shim = ended(tmp_path / "t", "ulimit -n", open_files=77)
    assert shim.read("stdout") == b"77\n"


@pytest.mark.parametrize(("word", "signal"), [("terminate", 15), ("kill", 9)])
def test_a_word_that_comes_together_with_the_task_is_obeyed(tmp_path: Path, word: str, signal: int) -> None:
    envelope, _ = ended(tmp_path / "t", "sleep 1000", also=f"\n{word}")
    assert (envelope["signal"], envelope["stopped"] is None) == (signal, False)


def test_one_that_says_too_much_is_ended(tmp_path: Path) -> None:
    envelope, shim = ended(tmp_path / "t", "yes", largest=300_000)
    assert (envelope["killed"], envelope["broken"]) == (True, "File too large")
    assert len(shim.read("stdout")) <= 300_000


def test_secrets_are_masked_wherever_they_are_cut(tmp_path: Path) -> None:
    secret = "hunter2-hunter2"
    text = 'printf "%s" "${TOKEN%r2-hunter2}" ; printf "%s\\n" "${TOKEN#hunte}"; echo "a $TOKEN" >&2'
    _, shim = ended(tmp_path / "t", text, env={"TOKEN": secret}, secrets=["TOKEN", "ABSENT"])
    assert (shim.read("stdout"), shim.read("stderr")) == (b"***TOKEN***\n", b"a ***TOKEN***\n")


def test_nobody_reads_and_nothing_stops(tmp_path: Path) -> None:
    with ADrivenShim(tmp_path / "t", "yes | head -c 20000000") as shim:
        assert shim.envelope()["sizes"]["stdout"] == 20_000_000


def test_an_agent_that_does_not_read_is_not_waited_for(tmp_path: Path) -> None:
    envelope, _ = ended(tmp_path / "t", "exec <&-; echo on", stdin=b"x" * 1_000_000)
    assert (envelope["status"], envelope["sizes"]["stdout"]) == (0, 3)


@pytest.mark.parametrize(
    "text",
    [
        "sleep 1000 &",
        "setsid sleep 1000 & sleep 1000 >/dev/null 2>&1 &",
        "setsid sh -c 'trap \"\" TERM HUP; setsid sleep 1000 & sleep 1000' >/dev/null 2>&1 &",
    ],
)
def test_what_an_agent_leaves_running_is_killed_with_it(tmp_path: Path, text: str) -> None:
    envelope, _ = ended(tmp_path / "t", f"{text} echo on")
    assert (envelope["status"], envelope["stopped"], envelope["sizes"]["stdout"]) == (0, None, 3)


@pytest.mark.parametrize(("word", "killed"), [("terminate", False), ("kill", True)])
def test_a_word_ends_it(tmp_path: Path, word: str, killed: bool) -> None:
    with ADrivenShim(tmp_path / "t", "sleep 1000") as shim:
        shim.wait_for_agent()
        shim.say(word)
        shim.say(word)
        envelope = shim.envelope()
        assert shim.living() == []
    assert (envelope["signal"], envelope["killed"]) == (9 if killed else 15, killed)
    assert envelope["stopped"] == ("killed" if killed else "asked")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_it_ends_the_agent_in_an_orderly_way(tmp_path: Path, number: signal.Signals) -> None:
    text = "trap 'echo bye; exit 7' TERM; echo on; sleep 1000 & wait"
    with ADrivenShim(tmp_path / "t", text) as shim:
        shim.wait_for_agent()
        shim.wait_for_output()
        shim.process.send_signal(number)
        envelope = shim.envelope()
        assert shim.living() == []
    assert (envelope["status"], envelope["stopped"]) == (7, "signal")
    assert shim.read("stdout") == b"on\nbye\n"


def test_a_deaf_agent_is_killed_after_its_grace(tmp_path: Path) -> None:
    text = "trap '' TERM; echo on; while :; do sleep 1000; done"
    with ADrivenShim(tmp_path / "t", text, grace=0.05) as shim:
        shim.wait_for_agent()
        shim.wait_for_output()
        shim.say("terminate")
        envelope = shim.envelope()
    assert (envelope["signal"], envelope["stopped"], envelope["killed"]) == (9, "asked", True)


def test_its_limit_holds_without_a_coordinator_as_well(tmp_path: Path) -> None:
    with ADrivenShim(tmp_path / "t", "sleep 1000", wall=0.1, orphan=0.0) as shim:
        shim.hang_up()
        envelope = shim.envelope()
        assert shim.living() == []
    assert envelope["stopped"] == "wall"


def test_an_agent_without_a_limit_goes_on_for_so_long_alone(tmp_path: Path) -> None:
    with ADrivenShim(tmp_path / "t", "sleep 1000", orphan=0.1) as shim:
        shim.wait_for_agent()
        shim.hang_up()
        envelope = shim.envelope()
        assert shim.living() == []
    assert envelope["stopped"] == "orphan"


def test_an_agent_ends_its_work_when_its_coordinator_is_gone(tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    with ADrivenShim(tmp_path / "t", f"echo on; cat '{tmp_path}/gate'; echo off") as shim:
        shim.wait_for_agent()
        shim.wait_for_output()
        shim.hang_up()
        assert shim.process.stdout is not None
        shim.process.stdout.close()
        gate.open()
        envelope = shim.envelope()
    assert (envelope["status"], envelope["stopped"]) == (0, None)
    assert shim.read("stdout") == b"on\noff\n"


def test_one_that_was_told_nothing_does_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(PROGRAM)], input=b'{"argv"', check=False, cwd=tmp_path, timeout=60
    )
    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="limits the files of another process")
@pytest.mark.parametrize("masked", [False, True])
def test_a_full_disk_ends_the_agent_and_leaves_an_envelope(tmp_path: Path, masked: bool) -> None:
    secrets = {"env": {"TOKEN": "hunter2-hunter2"}, "secrets": ["TOKEN"]} if masked else {}
    envelope, shim = ended(tmp_path / "t", "yes; sleep 1000", largest_file=100_000, **secrets)
    assert envelope["broken"] == "File too large"
    assert envelope["stopped"] == "broken"
    assert envelope["sizes"]["stdout"] <= len(shim.read("stdout")) == 100_000


def test_paths_are_odd_and_words_no_text(tmp_path: Path) -> None:
    folder = tmp_path / "a b\nü' \udce9"
    odd = "caf\udce9"
    _, shim = ended(folder, 'printf "%s" "$X"; pwd', env={"X": odd})
    assert shim.read("stdout") == os.fsencode(odd) + os.fsencode(folder) + b"\n"
