"""Who sends which tone, by their numbers alone: callers, desks, outside people, the card line.

No sum or difference of two or three of these is a card tone: all leave 7 when divided by 20, the card tones 0.
"""

from lab.world import CARD_TONE, PAYMENT_IVR, PAYMENT_IVR_TONE

CARD_TONES = (CARD_TONE, PAYMENT_IVR_TONE)
CALLERS = (407, 487, 567)
DESKS = (647, 727, 807, 887, 967, 1047)
OUTSIDE = (1127, 1207, 1287)
CARD_PHONES = ("700", *(str(number) for number in range(710, 718)))
FIRST_DESK, DESK_COUNT = 3000, 100


def caller(number: int) -> str:
    """The number that the caller of call `number` has."""
    return f"07700{number:06d}"


def outside(number: int) -> str:
    """The outside number that call `number` dials."""
    return f"01632{number:06d}"


def tone_of(number: str) -> int | None:
    """What the party of that number sends; None for numbers that are nobody's."""
    if not (number.isascii() and number.isdigit()):
        return None
    if number in CARD_PHONES:
        return CARD_TONE
    if number == PAYMENT_IVR:
        return PAYMENT_IVR_TONE
    if number.startswith("07700"):
        return CALLERS[int(number) % len(CALLERS)]
    if number.startswith("01632"):
        return OUTSIDE[int(number) % len(OUTSIDE)]
    if FIRST_DESK <= int(number) < FIRST_DESK + DESK_COUNT:
        return DESKS[int(number) % len(DESKS)]
    return None
