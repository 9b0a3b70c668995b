"""What a stretch of an answered channel's time was: the vocabulary of the ledger."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The four answers to "what is there at this second?"."""

    RECORDED = "recorded"
    SUSPENDED = "suspended"
    EXEMPT = "exempt"
    GAP = "gap"


CARD_LINE = "card line"
ONE_PER_CALL = "one recording per call"


@dataclass(frozen=True, slots=True)
class Span:
    """``started`` to ``ended`` (UTC epoch seconds) was ``kind``, because of ``why`` (and, for a suspension, ``by``)."""

    started: float
    ended: float
    kind: Kind
    why: str = ""
    by: str = ""

    @property
    def seconds(self) -> float:
        """Its length in seconds."""
        return self.ended - self.started
