"""Characters that the parser must not see, replaced by others for as long as it works.

PyYAML implements YAML 1.1, and its two parsers, in C and in Python, differ in a few corners. All of
these are about few characters: tabs (which the C parser takes for separators and the other refuses),
`!` (tags), `?` (explicit keys), `%` at the start of a line (directives), and three that YAML 1.1
takes for line ends. Each is replaced by an unused character of a private plane, one for one, so
that offsets stay what they are, and is put back into the values. What would have been a tag, an
explicit key or a separating tab then stands inside plain text, where the composer refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

Extent = tuple[int, int]

REPLACED = "\t!?\x85\u2028\u2029\ufeff"
_PERCENT = re.compile(r"(?:\A|(?<=[\r\n]))%")


@dataclass(frozen=True, slots=True)
class StandIns:
    """A text that the parser may see, and the way back."""

    text: str
    back: dict[int, str] = field(default_factory=dict)

    def restored(self, value: str) -> str:
        """`value` with the characters that really stand in the file."""
        return value.translate(self.back) if self.back else value


def stand_ins(text: str, hidden: Sequence[Extent] = (), blank: Sequence[Extent] = ()) -> StandIns:
    """`text` with stand-ins for all that the parser must not see.

    Everything in the stretches `hidden` becomes plain text that YAML makes nothing of, and comes
    back in the values; what is in `blank` becomes spaces, and does not.
    """
    text = _replaced(text, [(start, end, " " * (end - start)) for start, end in blank])
    present = [character for character in REPLACED if character in text]
    # Three plain searches: the pattern alone would look at every character of a large text.
    percent = text.startswith("%") or "\n%" in text or "\r%" in text
    signs = sorted(
        {sign for start, end in hidden for sign in text[start:end] if not (sign.isalnum() or sign in " \r\n")}
    )
    if not present and not percent and not signs:
        return StandIns(text)
    free = _unused(text, len(present) + percent + len(signs))
    back = {}
    changed = text
    if signs:
        instead = {ord(sign): free.pop() for sign in signs}
        back = {ord(substitute): chr(sign) for sign, substitute in instead.items()}
        changed = _replaced(
            changed, [(start, end, text[start:end].translate(instead)) for start, end in hidden]
        )
    for character in present:
        substitute = free.pop()
        changed = changed.replace(character, substitute)
        back[ord(substitute)] = character
    if percent:
        substitute = free.pop()
        changed = _PERCENT.sub(substitute, changed)
        back[ord(substitute)] = "%"
    return StandIns(changed, back)


def _replaced(text: str, pieces: Sequence[tuple[int, int, str]]) -> str:
    """`text` with other characters, as many of them, in the stretches that `pieces` name."""
    parts = []
    copied = 0
    for start, end, instead in sorted(pieces):
        parts += [text[copied:start], instead]
        copied = end
    return "".join([*parts, text[copied:]])


def _unused(text: str, count: int) -> list[str]:
    """Characters for private use that stand in `text` neither themselves nor as an escape."""
    escapes = text.casefold()
    free: list[str] = []
    for number in range(0xE000, 0xF900):
        if chr(number) not in text and f"{number:04x}" not in escapes:
            free.append(chr(number))
            if len(free) == count:
                return free
    raise ValueError("the text uses every character for private use")
