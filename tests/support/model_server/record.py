"""What the server remembers of a request and of its answer to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from .asked import Asked
from .reply import ZERO, Figures, Reply


@dataclass(kw_only=True)
class Record:
    """One request that asked for an answer.

    `rule` is the marker of the rule that answered, None for none. `began`: some of the answer was on its
    way. `completed`: all of the reply was written and the connection held until then; it is settled once
    `done`. `aside`: a question of the client's own (a title, a route), answered apart from the rules.
    """

    asked: Asked
    rule: str | None = None
    reply: Reply = field(default_factory=Reply)
    aside: bool = False
    began: bool = False
    completed: bool = False
    done: bool = False

    @property
    def usage(self) -> Figures:
        """What the answer claimed to have used: nothing when it was not completed."""
        return self.reply.usage if self.completed else ZERO
