"""Two programs want one Executor: the later one waits for it, and can be stopped meanwhile."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from metaensemble import api
from metaensemble.engine.ledger import Ledger, people_queries
from support.client_programs import put_client
from support.gates import Gate
from support.victims import Victim, Victims

DOES = r"""
session=
for word in "$@"; do
  case "$before" in --session-id|--resume) session=$word;; esac
  before=$word
done
cat > /dev/null
echo "$ME_NODE_ID" >> asked
case "$ME_NODE_ID" in slow) cat gate;; esac
echo '{"type":"system","subtype":"init","session_id":"'$session'","apiKeySource":"none"}'
echo '{"type":"result","subtype":"success","is_error":false,"result":"done","session_id":"'$session'","num_turns":1,\
"total_cost_usd":0.1,"usage":{"input_tokens":1,"output_tokens":1}}'
exit 0
"""
SLOW = "name: slow-one\ntasks: {slow: {role: docs, executor: %s, prompt: x, runtime: claude}}\n"
WAITS = """\
name: waiting-one
concurrency: {max: 1}
tasks:
  named: {role: docs, executor: %s, prompt: x, runtime: claude}
  besides: {run: echo besides >> asked}
"""


class Busy:
    """A project in which one DAG run has an Executor at work, until `gate` is opened."""

    def __init__(self, root: Path, victims: Victims) -> None:
        self.root = root
        self._victims = victims
        (root / ".metaensemble").mkdir(parents=True)
        (root / "home").mkdir()
        put_client(root / "bin", "claude", does=DOES.replace("\\\n", ""))
        self._environ = {**os.environ, "HOME": str(root / "home"), "PATH": f"{root / 'bin'}:/usr/bin:/bin"}
        assert self.me("dispatch", "docs", "Begin.", "--yes").wait().code == 0
        (self.alias,) = (one["alias"] for one in json.loads(self.me("executors", "--json").wait().out))
        self.gate = Gate(root / "gate")
        (root / "slow.yaml").write_text(SLOW % self.alias)
        (root / "waits.yaml").write_text(WAITS % self.alias)
        self.slow = self.me("dag", "run", "slow.yaml")
        self.slow.wait_until(lambda: "slow" in self.asked(), "its agent was asked")

    def me(self, *words: str) -> Victim:
        return self._victims.start(list(words), cwd=self.root, environ=self._environ)

    def asked(self) -> list[str]:
        return (self.root / "asked").read_text().split()

    def waiting(self, *words: str) -> Victim:
        """The other program, once it waits."""
        found = self.me(*words)
        found.wait_until(lambda: f"waits for the Executor `{self.alias}`" in found.said, "it waits")
        return found

    def dag_run(self, name: str) -> str:
        return next(one.dag_run_id for one in api.list_dag_runs(cwd=self.root) if one.name == name)

    def status(self) -> str:
        with Ledger.open(self.root / ".metaensemble" / "state") as ledger:
            row = people_queries.executor_by_alias(ledger, self.alias)
        assert row is not None
        return row.status


@pytest.fixture
def busy(tmp_path: Path, victims: Victims) -> Busy:
    return Busy(tmp_path / "project", victims)


RUN = ("dag", "run", "waits.yaml")


def test_it_goes_on_when_the_other_has_ended(busy: Busy) -> None:
    other = busy.waiting(*RUN)
    assert "slow-one" in other.said
    other.wait_until(lambda: "besides" in busy.asked(), "what needs no Executor went on, in the only slot")
    busy.gate.open()
    assert busy.slow.wait().code == 0
    told = other.wait()
    assert told.code == 0, told
    assert busy.asked()[-1] == "named"
    assert busy.status() == "idle"


@pytest.mark.parametrize("words", [("dispatch", "docs", "Go on.", "--executor"), ("relaunch",)])
def test_work_by_hand_waits_as_well(busy: Busy, words: tuple[str, ...]) -> None:
    more = ("--run", "Go on.") if words[0] == "relaunch" else ()
    other = busy.waiting(*words, busy.alias, *more, "--yes")
    busy.gate.open()
    assert busy.slow.wait().code == 0
    assert other.wait().code == 0


def test_it_can_be_stopped_while_it_waits_and_resumed(busy: Busy) -> None:
    other = busy.waiting(*RUN)
    other.signal(signal.SIGINT)
    assert other.wait().code == 130
    assert not busy.slow.has_ended, "the other one goes on"
    busy.gate.open()
    assert busy.slow.wait().code == 0
    assert busy.me("dag", "resume", busy.dag_run("waiting-one")).wait().code == 0
    assert busy.asked().count("named") == 1


def test_it_can_be_cancelled_while_it_waits(busy: Busy) -> None:
    other = busy.waiting(*RUN)
    assert busy.me("dag", "cancel", busy.dag_run("waiting-one")).wait().code == 0
    assert "cancelled" in other.wait().said
    busy.gate.open()
    assert busy.slow.wait().code == 0
    assert "named" not in busy.asked()


def test_it_does_not_wait_for_one_that_was_killed(busy: Busy) -> None:
    other = busy.waiting(*RUN)
    busy.slow.kill()
    told = other.wait()
    assert told.code == 1, told
    first = busy.dag_run("slow-one")
    assert f"me dag resume {first}" in told.err
    assert "named" not in busy.asked()
    busy.gate.open()
    assert busy.me("dag", "cancel", first).wait().code == 0
    assert busy.status() == "idle"
    assert busy.me("dag", "resume", busy.dag_run("waiting-one")).wait().code == 0
    assert busy.asked()[-1] == "named"
