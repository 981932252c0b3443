"""Keeps the values of declared secrets out of everything that is written down.

A value is looked for as it is, and in the forms in which programs print it: JSON strings, shell
words, URLs, base64. What is found is replaced by `***NAME***`. This guards against accidents: a
program that wants to tell a secret can always spell it in a way that nobody looks for.

Standard library only.
"""

from __future__ import annotations

import base64
import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, quote_plus

MINIMUM_LENGTH: Final = 8
"""Shorter values are refused: they would be found in ordinary text all the time."""

Replacement = Callable[[re.Match[bytes]], bytes]

_LINE_BREAK: Final = rb"[\r\n]{0,2}"


class Masker:
    """Masks the values of `secrets`, a mapping from name to value.

    Raises `ValueError` for a value of fewer than `MINIMUM_LENGTH` characters. Without secrets every
    method returns what it was given, at no cost.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        found: dict[bytes, tuple[int, bytes]] = {}
        for name, value in secrets.items():
            if len(value) < MINIMUM_LENGTH:
                raise ValueError(f"the secret `{name}` is shorter than {MINIMUM_LENGTH} characters")
            token = _token(name, secrets.values())
            for longest, pattern in _patterns(value):
                found.setdefault(pattern, (longest, token))
        # Of several forms that begin at one place the first in the pattern wins: it must be the longest.
        ordered = sorted(found.items(), key=lambda item: -item[1][0])
        self._tokens = [b"", *(token for _, (_, token) in ordered)]
        self._reach = ordered[0][1][0] if ordered else 0
        self._forms = [pattern for pattern, _ in ordered]
        self._pattern = re.compile(b"|".join(self._forms)) if ordered else None
        self._groups: re.Pattern[bytes] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to mask."""
        return self._pattern is None

    def mask_bytes(self, data: bytes) -> bytes:
        """`data` with every form of every secret replaced."""
        if self._pattern is None:
            return data
        return self._pattern.sub(self._replacement, data)

    def mask_text(self, text: str) -> str:
        """`text` with every form of every secret replaced."""
        if self._pattern is None:
            return text
        data = text.encode("utf-8", "surrogatepass")
        masked = self._pattern.sub(self._replacement, data)
        return text if masked == data else masked.decode("utf-8", "surrogatepass")

    def mask_value(self, value: Any) -> Any:
        """A JSON value with every string in it masked, the keys of objects included."""
        if self._pattern is None:
            return value
        if isinstance(value, str):
            return self.mask_text(value)
        if isinstance(value, Mapping):
            return {self.mask_text(key): self.mask_value(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.mask_value(item) for item in value]
        return value

    def stream(self) -> MaskStream:
        """A mask for text that arrives in pieces."""
        return MaskStream(self._pattern, self._reach, self._replacement)

    def _replacement(self, match: re.Match[bytes]) -> bytes:
        # Groups tell whose form it is, and cost a search its quick look at the first byte: they are
        # matched only at the places that the plain alternation has found.
        if self._groups is None:
            self._groups = re.compile(b"|".join(b"(%b)" % form for form in self._forms))
        found = self._groups.match(match.string, match.start())
        return self._tokens[found.lastindex or 0] if found else b"***"


class MaskStream:
    """Masks a text piece by piece; gives exactly what masking the whole at once gives.

    As much as could be the beginning of a secret is held back until more has come, or `finish`.
    """

    __slots__ = ("_held", "_pattern", "_reach", "_replacement")

    def __init__(self, pattern: re.Pattern[bytes] | None, reach: int, replacement: Replacement) -> None:
        self._pattern = pattern
        self._reach = reach
        self._replacement = replacement
        self._held = b""

    def feed(self, chunk: bytes) -> bytes:
        """Take the next piece; returns what is safe by now."""
        if self._pattern is None:
            return chunk
        held = self._held + chunk
        # A secret that begins before `safe` lies whole within `held`, so all is known about it.
        safe = len(held) - self._reach + 1
        if safe <= 0:
            self._held = held
            return b""
        done: list[bytes] = []
        start = 0
        for match in self._pattern.finditer(held):
            if match.start() >= safe:
                break
            done += (held[start : match.start()], self._replacement(match))
            start = match.end()
        if start < safe:
            done.append(held[start:safe])
            start = safe
        self._held = held[start:]
        return b"".join(done)

    def finish(self) -> bytes:
        """The rest, masked. The stream may be used again for another text."""
        held, self._held = self._held, b""
        if self._pattern is None or not held:
            return held
        return self._pattern.sub(self._replacement, held)


def _token(name: str, values: Iterable[str]) -> bytes:
    token = f"***{name}***"
    # A secret that is part of its own mask would be told by it.
    return b"***" if any(value in token for value in values) else token.encode("utf-8", "replace")


def _patterns(value: str) -> Iterator[tuple[int, bytes]]:
    """Patterns for all forms of `value`, each with the length of the longest text it matches."""
    for form in _plain_forms(value):
        yield len(form), re.escape(form)
    for form in _escaped_forms(value):
        # Hexadecimal digits of an escape may be written in either case.
        yield len(form), _ESCAPE.sub(_either_case, re.escape(form))
    raw = _encoded(value)
    for offset in range(3):
        inner = base64.b64encode(bytes(offset) + raw)[-(-8 * offset // 6) : 8 * (offset + len(raw)) // 6]
        pieces = [_BASE64_CLASSES.get(char, bytes((char,))) for char in inner]
        for first in pieces[0].strip(b"[]"):
            # Every form begins with one certain byte: the search skips to those.
            rest = _LINE_BREAK.join([re.escape(bytes((first,))), *pieces[1:]])
            yield len(inner) + 2 * (len(inner) - 1), rest


def _plain_forms(value: str) -> set[bytes]:
    """The value itself, its longer lines, and as shells print it: all quoted ways of one word."""
    texts = _shell_forms(value)
    texts |= {line for line in value.splitlines() if len(line) >= MINIMUM_LENGTH}
    return {form for text in texts for form in (_encoded(text), text.encode("utf-8", "surrogatepass"))}


def _shell_forms(value: str) -> set[str]:
    texts = {value, shlex.quote(value), value.replace("'", "'\\''"), value.replace("'", "'\"'\"'")}
    texts.add(re.sub(r"([^\w@%+=:,./-])", r"\\\1", value))
    texts.add(re.sub(r'([$`"\\])', r"\\\1", value))
    return texts


def _escaped_forms(value: str) -> set[bytes]:
    """Inside JSON strings (once or twice encoded), and in URLs."""
    forms: set[bytes] = set()
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        html = text
        for char in "<>&":
            html = html.replace(char, f"\\u{ord(char):04x}")
        for form in (text, html, text.replace("/", "\\/"), html.replace("/", "\\/")):
            forms.add(_encoded(form))
        # What a shell, or JSON itself, had quoted before.
        for inner in (text, *_shell_forms(value)):
            forms |= {_encoded(json.dumps(inner, ensure_ascii=outer)[1:-1]) for outer in (True, False)}
    raw = _encoded(value)
    forms |= {quote(raw, safe=safe).encode() for safe in ("", "/", "!'()*~", "/:@!$&'()*+,;=?#[]")}
    forms.add(quote_plus(raw).encode())
    return forms


def _either_case(match: re.Match[bytes]) -> bytes:
    classes = [b"[%c%c]" % (digit, digit ^ 0x20) if digit >= 0x40 else b"%c" % digit for digit in match[2]]
    return match[1] + b"".join(classes)


def _encoded(text: str) -> bytes:
    """As the system encodes the value of a variable."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


_ESCAPE: Final = re.compile(rb"(%|\\\\u)((?<=%)[0-9A-Fa-f]{2}|(?<=u)[0-9A-Fa-f]{4})")
_BASE64_CLASSES: Final = {ord("+"): b"[+-]", ord("/"): b"[/_]"}
