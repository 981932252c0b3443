"""Patterns that cannot be used as they are."""

from __future__ import annotations

from .base import InputError


class UnknownPattern(InputError):
    """TODO."""

    code = "ME330"


class UnknownSetting(InputError):
    """TODO."""

    code = "ME331"


class MissingSetting(InputError):
    """TODO."""

    code = "ME332"


class BadSetting(InputError):
    """TODO."""

    code = "ME333"


class TooFewMembers(InputError):
    """TODO."""

    code = "ME334"


class NothingDiffers(InputError):
    """TODO."""

    code = "ME335"


class SelfReview(InputError):
    """TODO."""

    code = "ME336"


class NoVoteField(InputError):
    """TODO."""

    code = "ME337"


class SharesTooLarge(InputError):
    """TODO."""

    code = "ME338"


class NoOutsideCheck(InputError):
    """TODO."""

    code = "ME339"


class RelatedJudge(InputError):
    """TODO."""

    code = "ME340"


class EndlessTemplate(InputError):
    """TODO."""

    code = "ME341"


class PatternTooLarge(InputError):
    """TODO."""

    code = "ME342"


class NothingToDo(InputError):
    """TODO."""

    code = "ME343"


class InputTaken(InputError):
    """TODO."""

    code = "ME344"


class EffectsRepeated(InputError):
    """TODO."""

    code = "ME345"


class SharedFile(InputError):
    """TODO."""

    code = "ME346"


class TemplateUnusable(InputError):
    """TODO."""

    code = "ME347"


class BuiltInShadowed(InputError):
    """TODO."""

    code = "ME348"


class PatternBroken(InputError):
    """TODO."""

    code = "ME349"


class ReviewDemanded(InputError):
    """TODO."""

    code = "ME350"
