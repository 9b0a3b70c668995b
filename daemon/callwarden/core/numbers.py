"""Telephone numbers: any spelling in, one E.164 form, search keys and a masked form for logs out.

What comes in is hostile text (a caller chooses it). Nothing here raises on it, and every key is short. A
number that cannot be understood keeps its digits; a party without digits ("anonymous") keeps its folded
letters. Keys are reversed, so that "ends with", the one thing every spelling of a number shares, is a range
of an index.
"""

from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumber, ValidationResult

# E.164 allows 15 digits; dialled strings carry access codes before them. What is longer is nobody's number.
KEY_LENGTH = 32
# Below this many digits "ends with" would match a good part of the catalogue: such a number is looked up
# whole.
SUFFIX_DIGITS = 5
# phonenumbers refuses more; a longer text is not worth reading either.
READ_LENGTH = 250
MASK_KEEPS = 3


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Keys from ``first`` up to, not including, ``beyond``.

    With ``e164``, a number that is known to be another E.164 number is not meant, whatever its key.
    """

    first: str
    beyond: str
    e164: str | None = None


def e164(text: str, region: str) -> str | None:
    """In E.164 ("+442079460123"), or None when ``text`` is not a whole number as dialled in ``region``."""
    return _e164(text[:READ_LENGTH], region)


def search_key(text: str, region: str) -> str:
    """The key a number is found by: its digits reversed, or its folded letters, or "" for nothing."""
    return _search_key(text[:READ_LENGTH], region)


def search_range(text: str, region: str) -> KeyRange | None:
    """Where the keys of every spelling of ``text`` are, or None when it holds nothing to look for."""
    number = _parsed(_user_part(text), region)
    if number is not None:
        # The national part alone: what was dialled with an access code in front was kept as digits only.
        return _range(_reversed(phonenumbers.national_significant_number(number)), e164(text, region))
    key = _key(text)
    if not key:
        return None
    if not key.isdecimal() or len(key) < SUFFIX_DIGITS:
        return KeyRange(key, key + "\x00")
    return _range(key, None)


def mask(text: str) -> str:
    """``text`` as a log may show it: three stars and the last three digits, never letters."""
    found = digits(text)
    if len(found) <= MASK_KEEPS:
        return found or ("***" if text else "")
    return "***" + found[-MASK_KEEPS:]


def digits(text: str) -> str:
    """The decimal digits of ``text``, of any script, as ASCII."""
    if text.isascii():
        return "".join(filter(str.isdecimal, text[:READ_LENGTH]))
    return "".join(str(int(character)) for character in text[:READ_LENGTH] if character.isdecimal())


@lru_cache(maxsize=4096)
def _e164(text: str, region: str) -> str | None:
    """Remembered: the house's own numbers come again in every call, and reading one takes 30 microseconds."""
    number = _parsed(_user_part(text), region)
    if number is None:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=4096)
def _search_key(text: str, region: str) -> str:
    """Remembered for the same reason."""
    return _key(_e164(text, region) or text)


def _parsed(text: str, region: str) -> PhoneNumber | None:
    """Only what is certain: a valid number, or one of the right length, spelled like a whole number."""
    try:
        number = phonenumbers.parse(text[:READ_LENGTH], region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_valid_number(number):
        return number
    possible = phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
    return number if possible and text.lstrip(" (").startswith(("+", "0")) else None


def _user_part(text: str) -> str:
    """The number inside a SIP address: ``sip:0123@host`` -> ``0123``."""
    before = text[:READ_LENGTH].partition("@")[0].strip()
    scheme, colon, rest = before.partition(":")
    return rest if colon and scheme.casefold() in {"sip", "sips", "tel"} else before


def _key(text: str) -> str:
    user = _user_part(text)
    return _reversed(digits(user)) or _letters(user)


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())[:KEY_LENGTH]


def _reversed(number: str) -> str:
    return number[::-1][:KEY_LENGTH]


def _range(key: str, number: str | None) -> KeyRange:
    """Every key that begins with ``key``; ":" is the character after "9"."""
    return KeyRange(key, key + ":", number)
