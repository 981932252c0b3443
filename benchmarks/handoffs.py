"""Tokens of Manifest and Brief against the same handoff in prose, on ten handoffs as people write them.

The samples are in `handoff_samples/`. What counts is what the receiver is sent: the Manifest and the Brief as
they stand in its message, against a text that says the same to somebody who gets neither: such a text quotes
what the pointers only name, above all code and the project's memory file. The last columns show the share
without those quotes, and the task's own text, which goes to the receiver beside Manifest and Brief.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from metaensemble.engine.agents.briefs import build_brief
from metaensemble.engine.agents.contracts import refuse_broken
from metaensemble.engine.agents.manifests import build_manifest
from metaensemble.engine.agents.prompt import brief_data, manifest_data, tokens
from metaensemble.tasks.reader import read

SAMPLES = Path(__file__).with_name("handoff_samples")
ID = "01900000-0000-7000-8000-{:012x}"
FEWEST_WORDS = 3
"""A piece of fewer words, such as the name of a file, is no sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """One handoff in both forms. `prompt` is the task's own text."""

    name: str
    prompt: str
    manifest: dict[str, Any]
    brief: dict[str, Any]
    prose: str

    @property
    def typed(self) -> str:
        """What the receiver is sent of Manifest and Brief."""
        return f"{manifest_data(self.manifest)}\n{brief_data(self.brief)}"


def handoffs() -> list[Handoff]:
    """The ten samples, each held to the published JSON Schemas."""
    return [_handoff(path, number) for number, path in enumerate(sorted(SAMPLES.glob("*.yaml")))]


def _handoff(path: Path, number: int) -> Handoff:
    told = read(path.read_bytes(), path.name).value
    prior = ID.format(3 * number)
    manifest = build_manifest(
        "hm-" + ID.format(3 * number + 1),
        sender="coordinator",
        to=f"{told['role']}-{0xA01 + 37 * number:x}",
        task=told["task"],
        files=told["files"],
        prior_runs=[prior],
        deliverables=told["deliverables"],
        tier=told["tier"],
        acceptance=told["acceptance"],
        peer_review=told.get("peer_review"),
        delegates_to=told.get("delegates_to", ()),
    )
    said = told["brief"]
    brief = build_brief(
        ID.format(3 * number + 2),
        sender=said["from"],
        to=manifest["to"],
        task_id=said["task"],
        files=said.get("files", ()),
        out_files=said.get("out_files", ()),
        result=said["result"],
    )
    refuse_broken("manifest", manifest)
    refuse_broken("brief", brief)
    return Handoff(name=path.stem, prompt=told["prompt"], manifest=manifest, brief=brief, prose=told["prose"])


def sentences(text: str) -> set[str]:
    """The sentences of a text, in lower case and without quotes and commas."""
    pieces = re.split(r"[.!?:;]\s|\n\s*\n", text)
    plain = (" ".join(re.findall(r"[^\s\"'`,()]+", piece.casefold().rstrip(".!?:; "))) for piece in pieces)
    return {piece for piece in plain if piece.count(" ") >= FEWEST_WORDS - 1}


def said_in(value: Any) -> set[str]:
    """The sentences of all texts in a JSON value, keys left out."""
    return {one for text in _texts(value) for one in sentences(text)}


def shared(handoff: Handoff) -> set[str]:
    """Sentences that stand in two of: the Manifest, the Brief, the task's own text, the prose."""
    parts = [
        said_in(handoff.manifest),
        said_in(handoff.brief),
        sentences(handoff.prompt),
        sentences(handoff.prose),
    ]
    return {one for at, part in enumerate(parts) for other in parts[at + 1 :] for one in part & other}


def unquoted(prose: str) -> str:
    """A text without the lines that it quotes, which are indented."""
    return "\n".join(line for line in prose.split("\n") if not line.startswith("    "))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


Counter = Callable[[list[str]], list[int]]


def estimate(texts: list[str]) -> list[int]:
    """Tokens by the estimate that this program uses everywhere."""
    return [tokens(text) for text in texts]


def counters(command: str | None) -> dict[str, Counter]:
    """Our estimate, the program `command`, and a tokenizer of Python's where one is there offline."""
    found: dict[str, Counter] = {"estimate": estimate}
    if command is not None:
        found[command] = partial(_counted_by, shlex.split(command))
    try:
        import tiktoken

        encoding = tiktoken.get_encoding("o200k_base")
    except Exception:  # not installed, or its vocabulary is not on this machine
        return found
    return {**found, "o200k_base": lambda texts: [len(encoding.encode(text)) for text in texts]}


def _counted_by(command: list[str], texts: list[str]) -> list[int]:
    done = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, check=True)
    counted: list[int] = json.loads(done.stdout)
    return counted


def main() -> None:
    """Print a table for each way to count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--counter",
        metavar="COMMAND",
        help="a program that counts tokens: a JSON list of texts on its standard input, a list of numbers on"
        " its standard output",
    )
    samples = handoffs()
    for name, count in counters(parser.parse_args().counter).items():
        print(f"\nTokens by `{name}`\n")
        print(
            "| handoff | Manifest | Brief | both | prose | share | sentences shared | without quotes | task |"
        )
        print("|---|---|---|---|---|---|---|---|---|")
        sums = [0, 0]
        for one in samples:
            parts = [manifest_data(one.manifest), brief_data(one.brief), one.typed, one.prose]
            manifest, brief, typed, prose, bare, prompt = count([*parts, unquoted(one.prose), one.prompt])
            sums = [sums[0] + typed, sums[1] + prose]
            print(
                f"| {one.name} | {manifest} | {brief} | {typed} | {prose} | {typed / prose:.3f} "
                f"| {len(shared(one))} | {typed / bare:.3f} | {prompt} |"
            )
        print(f"| all | | | {sums[0]} | {sums[1]} | {sums[0] / sums[1]:.3f} | | | |")


if __name__ == "__main__":
    main()
