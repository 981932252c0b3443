"""Markdown documents whose commands are run by a test.

What stands in a fenced block, by the word behind the fence:

- `sh`: commands, run in order in a project of the section's own. They must succeed, unless a comment
  `# exit code N` says otherwise. `ID` stands for the newest DAG run, `RUN` for the newest Run.
- `text` or `mermaid`, as the next block after `sh`: what the terminal shows. `…` stands for anything
  within a line; alone on its line it stands for any number of lines. Runs of blanks count as one.
- `yaml`: a file; its first line is a comment with its name. It is a valid graph; `yaml broken` is not.
- no word: a picture, for people only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

_FENCE = re.compile(r"^```(\w*) ?(.*)$")


@dataclass(frozen=True)
class Block:
    """A fenced block: the language, the words behind it, its text, and the line that it begins on."""

    language: str
    words: str
    text: str
    line: int


@dataclass
class Section:
    """What stands under one heading of the second level, and what comes before the first."""

    file: Path
    title: str
    blocks: list[Block] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.file.name}: {self.title}"

    @property
    def pairs(self) -> Iterator[tuple[Block, Block | None]]:
        """Each block with the one after it."""
        return pairwise([*self.blocks, None])  # type: ignore[list-item,return-value]


def sections(file: Path) -> list[Section]:
    """The sections of a document, in order."""
    found = [Section(file, "top")]
    inside: tuple[str, str, int] | None = None
    lines: list[str] = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if inside is not None:
            if line == "```":
                found[-1].blocks.append(Block(inside[0], inside[1], "\n".join(lines) + "\n", inside[2]))
                inside, lines = None, []
            else:
                lines.append(line)
        elif fence:
            inside = (fence[1], fence[2].strip(), number)
        elif line.startswith("## "):
            found.append(Section(file, line[3:].strip()))
    assert inside is None, f"{file.name}: the block of line {inside} is not closed"
    return found


def file_name(block: Block) -> str:
    """The name in a block's first line."""
    found = re.match(r"# ([\w./-]+\.\w+)\n", block.text)
    assert found, f"line {block.line}: the first line of a file is a comment with its name"
    return found[1]


def exit_code(script: str) -> int:
    """The exit code that a script announces."""
    found = re.findall(r"# exit code (\d+)", script)
    return int(found[-1]) if found else 0


def shows(expected: str, said: str) -> bool:
    """Whether `said` is what a document shows."""
    pattern = ""
    for line in _plain(expected):
        if line == "…":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*?".join(re.escape(part) for part in line.split("…")) + r"\n"
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in _plain(said))) is not None


def _plain(text: str) -> list[str]:
    return [re.sub(r"\s+", " ", line).strip() for line in text.strip().splitlines()]
