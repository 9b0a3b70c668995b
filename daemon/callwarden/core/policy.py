"""The rules, as pure functions: whose channel is it, is it recorded, who is told what.

Takes the settings, a channel and what is known of its call. Nothing here remembers anything.
"""

from dataclasses import dataclass

from callwarden.config import Settings
from callwarden.core.calls import PLUMBING, Leg, endpoint_of, technology_of
from callwarden.core.facts import Direction, Role
from callwarden.core.numbers import digits, e164
from callwarden.core.spans import ONE_PER_CALL

PROMPT_OUTBOUND = "outbound"
PROMPT_JOINED = "joined"
PROMPT_JOINED = "joined"
PROMPT_NOT_RECORDED = "card-not-recorded"
PROMPT_RESUMED = "recording-resumed"

ENDING = 3  # digits: no way of dialling a number leaves out its last ones

EXEMPT_CARD_LINE = "card line"
EXEMPT_ENDPOINT = "exempt endpoint"
EXEMPT_ONE_PER_CALL = ONE_PER_CALL


@dataclass(frozen=True, slots=True)
class Told:
    """An announcement that is due: which prompt, in which language."""

    prompt: str
    language: str


def role_of(name: str, settings: Settings, learned_trunks: frozenset[str]) -> Role:
    """Whose channel this is, by its name. ``learned_trunks`` came through callwarden-inbound."""
    if technology_of(name) in PLUMBING:
        return Role.PLUMBING
    endpoint = endpoint_of(name)
    if any(_same_endpoint(endpoint, line.endpoint) for line in settings.card.line if line.endpoint):
        return Role.CARD_LINE
    if endpoint in learned_trunks or any(_same_endpoint(endpoint, trunk) for trunk in settings.calls.trunks):
        return Role.OUTSIDE
    return Role.PHONE


def is_card_number(dial_string: str, settings: Settings) -> bool:
    """Whether what is dialled (``09098790001@trunk``, ``trunk/09098790001``) is the outside number of a card line."""
    candidates = [part for piece in dial_string.split("/") for part in piece.split("@")[:1]]
    return any(
        _same_number(candidate, line.number, settings.calls.country)
        for line in settings.card.line
        if line.number
        for candidate in candidates
    )


def exemption(leg: Leg, settings: Settings) -> str:
    """The rule by which this channel is never recorded, or an empty string."""
    if leg.role is Role.CARD_LINE:
        return EXEMPT_CARD_LINE
    if any(_same_endpoint(leg.endpoint, exempt) for exempt in settings.recording.exempt_endpoints):
        return EXEMPT_ENDPOINT
    return ""


def not_recorded(leg: Leg, settings: Settings) -> str:
    """Why a channel has no recorder at all."""
    if leg.role is Role.PLUMBING:
        return ""
    return exemption(leg, settings) or (
        EXEMPT_ONE_PER_CALL if settings.recording.scope == "one-per-call" else ""
    )


def direction(first: Leg, others: list[Leg]) -> Direction:
    """Of a call, by its first channel and the ones that it rang."""
    if first.role is Role.OUTSIDE:
        return Direction.INBOUND
    if any(leg.role is Role.OUTSIDE for leg in others):
        return Direction.OUTBOUND
    return Direction.INTERNAL


def inbound_announcement(did: str, settings: Settings) -> Told | None:
    """What a caller to this number is told before being connected."""
    rules = settings.announce
    if rules.inbound == "off":
        return None
    for entry in rules.did:
        if _same_number(entry.number, did, settings.calls.country):
            return Told(entry.prompt, entry.language)
    return Told("inbound", rules.language)


def outbound_announcement(settings: Settings) -> Told | None:
    """What the person we rang is told before the two are connected."""
    rules = settings.announce
    return Told(PROMPT_OUTBOUND, rules.language) if rules.outbound == "before-connect" else None


def whisper(leg: Leg, call: list[Leg], settings: Settings) -> Told | None:
    """What a party that talks and was not yet told hears now. ``call`` are the channels of its call, the eldest first.

    A caller or a person reached who slipped past the announcement before connecting is told here all the same.
    """
    rules = settings.announce
    if leg.role is Role.PHONE:
        return Told("inbound", rules.language) if rules.internal == "whisper" else None
    if leg.role is not Role.OUTSIDE:
        return None
    if call[0] is leg:
        return inbound_announcement(leg.exten, settings)
    if any(one.role is Role.OUTSIDE for one in call[: call.index(leg)]):
        return Told(PROMPT_JOINED, rules.language) if rules.joining != "off" else None
    return Told(PROMPT_OUTBOUND, rules.language) if rules.outbound != "off" else None


def _same_endpoint(endpoint: str, configured: str) -> bool:
    """``PJSIP/202`` is meant by ``PJSIP/202`` and by ``202``."""
    return configured in (endpoint, endpoint.partition("/")[2])


def _same_number(one: str, other: str, country: str) -> bool:
    """By E.164 where both are whole numbers, else by their digits. Either way they end alike where both are nothing but
    digits: most are told apart by that, which is a thousand times quicker, and somebody waits to be rung."""
    if one[-ENDING:] != other[-ENDING:] and _is_plain(one) and _is_plain(other):
        return False
    known = e164(one, country), e164(other, country)
    if None not in known:
        return known[0] == known[1]
    found = digits(one)
    return bool(found) and found == digits(other)


def _is_plain(text: str) -> bool:
    """Digits, maybe behind a plus: no extension behind the number, no letters that stand for digits."""
    return text.isascii() and text.removeprefix("+").isdecimal()
