"""Which reply a request gets."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence

from .asked import Asked
from .reply import Fault, Reply

Marker = str | Callable[[Asked], bool]
Answers = Reply | Sequence[Reply] | Callable[[Asked], Reply]


class Script:
    """Rules, in order: the first one whose marker occurs in the messages of a request answers it. A marker
    may also be a function of the request; the rule is then called by the function's name.

    The answers of a rule are one reply for every request, a list that is used up in the order of the
    requests, or a function of the request. A request that no rule has an answer for gets status 400, which
    clients do not repeat, and `unscripted` tells of it. With `asides`, requests that offer no tools get that
    reply apart from the rules: some clients ask for a title or a route of their own accord.
    """

    def __init__(self, rules: Iterable[tuple[Marker, Answers]] = (), *, asides: Reply | None = None) -> None:
        self._rules = [(_name(marker), _test(marker), answers) for marker, answers in rules]
        self._used = [0] * len(self._rules)
        self._asides = asides
        self._lock = threading.Lock()
        self.unscripted: list[Asked] = []

    def reply_to(self, asked: Asked) -> tuple[str | None, Reply, bool]:
        """The marker of the rule, the reply, and whether it is one apart from the rules."""
        if self._asides is not None and not asked.tools:
            return None, self._asides, True
        with self._lock:
            for number, (marker, is_meant, answers) in enumerate(self._rules):
                if not is_meant(asked):
                    continue
                if isinstance(answers, Reply):
                    return marker, answers, False
                if callable(answers):
                    return marker, answers(asked), False
                used = self._used[number]
                self._used[number] += 1
                if used < len(answers):
                    return marker, answers[used], False
                break
            self.unscripted.append(asked)
        return None, Reply(fault=Fault(status=400, message="the script has no answer to this")), False


def _name(marker: Marker) -> str:
    return marker if isinstance(marker, str) else marker.__name__


def _test(marker: Marker) -> Callable[[Asked], bool]:
    return (lambda asked: marker in asked.text) if isinstance(marker, str) else marker
