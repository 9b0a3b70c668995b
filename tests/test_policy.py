"""The rules: whose channel, recorded or not, who is told what."""

import phonenumbers
import pytest
from phonenumbers import PhoneNumberType

from callwarden.core import policy
from callwarden.core.calls import Leg
from callwarden.core.facts import Direction, Role
from callwarden.core.numbers import e164
from callwarden.core.policy import Told
from stage import settings


def leg(name: str, role: Role, exten: str = "") -> Leg:
    return Leg(name.partition("/")[2], "call", name, 0.0, exten=exten, role=role)


CALLER = leg("PJSIP/trunk-1", Role.OUTSIDE, "02079460001")
AGENT = leg("PJSIP/202-1", Role.PHONE)
REACHED = leg("PJSIP/trunk-2", Role.OUTSIDE)


@pytest.mark.parametrize(
    "dialled", ["09098790001", "09098790001@trunk", "trunk/09098790001", "+449098790001@trunk", "sip:09098790001@host"]
)
def test_the_number_of_a_card_line_is_known_however_it_is_dialled(dialled: str) -> None:
    assert policy.is_card_number(dialled, settings())


def test_a_card_lines_number_that_is_no_whole_number_is_known_in_the_digits_of_any_script() -> None:
    rules = settings(card__line=[{"name": "card", "extension": "700", "number": "5550199"}])
    assert policy.is_card_number("5550199@trunk", rules)
    assert policy.is_card_number("٥٥٥٠١٩٩", rules)
    assert not policy.is_card_number("٥٥٥٠١٩٨", rules)


def test_a_card_line_anywhere_in_the_world_is_known_as_it_is_dialled_there_and_from_abroad() -> None:
    """Numbers that end otherwise are not looked at further: no country's way of dialling changes a number's end."""
    seen = 0
    for country in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.PREMIUM_RATE):
            number = phonenumbers.example_number_for_type(country, kind)
            if number is None:
                continue
            whole = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            at_home = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
            dialled = "".join(character for character in at_home if character.isdecimal())
            rules = settings(card__line=[{"name": "card", "extension": "700", "number": whole}], calls__country=country)
            for one in {whole, dialled} if e164(dialled, country) == whole else {whole}:
                assert policy.is_card_number(one, rules), (country, kind, one)
                seen += 1
    assert seen > 600


@pytest.mark.parametrize("dialled", ["", "trunk", "700", "0909879000", "01632960999@trunk", "x" * 5000, "@/@/"])
def test_other_numbers_are_no_card_line(dialled: str) -> None:
    assert not policy.is_card_number(dialled, settings())


def test_an_exempt_endpoint_is_named_by_its_rule() -> None:
    rules = settings(recording__exempt_endpoints=["202"])
    assert policy.exemption(AGENT, rules) == policy.EXEMPT_ENDPOINT
    assert policy.exemption(CALLER, rules) == ""
    assert policy.exemption(leg("PJSIP/700-1", Role.CARD_LINE), rules) == policy.EXEMPT_CARD_LINE


def test_a_channel_without_a_recorder_has_a_reason() -> None:
    assert policy.not_recorded(AGENT, settings(recording__scope="one-per-call")) == policy.EXEMPT_ONE_PER_CALL
    assert policy.not_recorded(leg("PJSIP/700-1", Role.CARD_LINE), settings()) == policy.EXEMPT_CARD_LINE
    assert policy.not_recorded(leg("Local/x-1;1", Role.PLUMBING), settings()) == ""
    assert policy.not_recorded(AGENT, settings()) == ""


def test_a_calls_direction_is_seen_from_the_organisation() -> None:
    assert policy.direction(CALLER, [AGENT]) is Direction.INBOUND
    assert policy.direction(AGENT, [REACHED]) is Direction.OUTBOUND
    assert policy.direction(AGENT, [AGENT]) is Direction.INTERNAL


def test_the_announcement_is_chosen_by_the_dialled_number_in_any_spelling() -> None:
    rules = settings(announce__did=[{"number": "+44 20 7946 0001", "language": "cy", "prompt": "surgery"}])
    assert policy.inbound_announcement("02079460001", rules) == Told("surgery", "cy")
    assert policy.inbound_announcement("02079460002", rules) == Told("inbound", "en")
    assert policy.inbound_announcement("s", rules) == Told("inbound", "en")
    assert policy.inbound_announcement("02079460001", settings(announce__inbound="off")) is None


@pytest.mark.parametrize(("mode", "before"), [("before-connect", True), ("whisper", False), ("off", False)])
def test_the_person_reached_is_told_as_configured(mode: str, before: bool) -> None:
    rules = settings(announce__outbound=mode)
    assert (policy.outbound_announcement(rules) is not None) == before
    assert (policy.whisper(REACHED, [AGENT, REACHED], rules) is not None) == (mode != "off")


def test_staff_are_told_by_the_policy_itself_unless_configured() -> None:
    assert policy.whisper(AGENT, [AGENT], settings()) is None
    assert policy.whisper(AGENT, [AGENT], settings(announce__internal="whisper")) is not None


def test_a_third_party_is_told_unless_that_is_off() -> None:
    assert policy.whisper(REACHED, [CALLER, REACHED], settings()) is not None
    assert policy.whisper(REACHED, [CALLER, REACHED], settings(announce__joining="off")) is None


def test_nobody_whispers_to_a_card_line_or_to_plumbing() -> None:
    for role in (Role.CARD_LINE, Role.PLUMBING):
        assert policy.whisper(leg("PJSIP/700-1", role), [CALLER], settings()) is None
