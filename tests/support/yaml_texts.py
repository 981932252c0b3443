"""Random texts that are YAML, nearly YAML, or made of YAML's own signs."""

from __future__ import annotations

import random
from collections.abc import Sequence

SIGNS: Sequence[str] = (
    *("a", "b", "key", "1", "é", "😀", "long text here", "~", "null", "yes", ".inf", "1e400", "0x1F"),
    *(" ", "  ", "\n", "\n  ", "\n    ", "\n\n", "\n \n", "\r\n", "\t", "\t\t", " \t", "\n\t"),
    *(": ", ":", "- ", "-", "- \t", "[", "]", "{", "}", ",", "? ", "?", "#", " #"),
    *('"', "'", '"q r"', "'s t'", '"a\n b"', "'a\n\n b'", "\\", "\\n", "\\x41", '"\\q"', '"\\ud83d"'),
    *("|", ">", "|\n", ">-\n", "|2\n", "|+\n", ">\n  a\n  b\n", "|#"),
    *("&a ", "*a", "*a ", "&a\n", "&a [", "&a {", "*", "&", "*.py", "**/*.py"),
    *("!t ", "!!str ", "!", "! ", "!!python/x ", "%", "\n%a", "%YAML 1.2\n", "@", "`", "=", "<<", "<<: "),
    *("---\n", "...\n", "${{ x }}", "${{ x", "}}", "[${{ x }}]", "{a: ${{ y }}}", "{{ x }}"),
    *("a: b\n", "- c\n", "  d: e\n", "[x, y]", "{k: v}", "\u2028", "\x85", "\ufeff", "\ue000", "\x00"),
)


def signs_in_a_row(seed: int, most: int = 14) -> str:
    """A text of up to `most` random signs."""
    chance = random.Random(seed)
    return "".join(chance.choice(SIGNS) for _ in range(chance.randint(1, most)))


def mutated(text: str, seed: int, most: int = 4) -> str:
    """`text` with up to `most` pieces put in, taken out, replaced, doubled, moved or indented anew."""
    chance = random.Random(seed)
    for _ in range(chance.randint(1, most)):
        text = chance.choice((_piece, _piece, _line))(text, chance)
    return text


def mutated_bytes(data: bytes, seed: int, most: int = 4) -> bytes:
    """`data` with up to `most` random bytes changed, put in or taken out."""
    chance = random.Random(seed)
    changed = bytearray(data)
    for _ in range(chance.randint(1, most)):
        at = chance.randrange(len(changed) + 1)
        changed[at : at + chance.randint(0, 2)] = chance.randbytes(chance.randint(0, 2))
    return bytes(changed)


def _piece(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text) + 1)
    cut = chance.choice((0, 0, 1, 3, 9))
    return text[:at] + chance.choice(("", *SIGNS)) + text[at + cut :]


def _line(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(5):
        case 0:
            del lines[one]
        case 1:
            lines.insert(other, lines[one])
        case 2:
            lines[one], lines[other] = lines[other], lines[one]
        case 3:
            lines[one] = chance.choice((" ", "  ", "\t", "    ")) + lines[one]
        case _:
            lines[one] = lines[one].lstrip()
    return "\n".join(lines)
