"""Numbers: every spelling of one is found as one; what is no number keeps what it has; logs show three digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwarden.core.numbers import KEY_LENGTH, digits, e164, mask, search_key, search_range

FULLWIDTH = "".join(chr(0xFF10 + int(digit)) for digit in "02079460123")
SPELLINGS = [
    "02079460123",
    "020 7946 0123",
    "(020) 7946-0123",
    "+442079460123",
    "+44 (0)20 7946 0123",
    "00442079460123",
    "442079460123",
    "2079460123",
    "sip:02079460123@192.0.2.1",
    "tel:+442079460123",
    FULLWIDTH,
    "+442079460123\x00",
]


def found(query: str, stored: str, region: str = "GB") -> bool:
    """Whether a search for ``query`` finds a party that was catalogued as ``stored``."""
    keys = search_range(query, region)
    if keys is None:
        return False
    in_range = keys.first <= search_key(stored, region) < keys.beyond
    return in_range and (keys.e164 is None or e164(stored, region) in (None, keys.e164))


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_is_the_same_number(spelling: str) -> None:
    assert e164(spelling, "GB") == "+442079460123"


@pytest.mark.parametrize("stored", [*SPELLINGS, "902079460123", "9,02079460123"])
def test_every_spelling_is_found_by_every_other(stored: str) -> None:
    assert all(found(query, stored) for query in SPELLINGS)


def test_a_number_of_another_country_with_the_same_ending_is_another_number() -> None:
    assert not found("+442079460123", "+12079460123")
    assert not found("+33123456789", "+443123456789")


def test_a_number_of_another_country_is_found_however_the_trunk_gave_it() -> None:
    assert found("+33123456789", "33123456789")
    assert found("0033123456789", "+33123456789")


@pytest.mark.parametrize(
    ("text", "region", "number"), [("030 123456", "DE", "+4930123456"), ("212-555-0123", "US", "+12125550123")]
)
def test_a_number_without_a_country_is_dialled_where_we_are(text: str, region: str, number: str) -> None:
    assert e164(text, region) == number


@pytest.mark.parametrize(
    "text", ["201", "999", "2001234", "*7", "anonymous", "", "s", "902079460123", "1" * 17, "9" * 10_000]
)
def test_what_is_no_whole_number_has_no_e164(text: str) -> None:
    assert e164(text, "GB") is None


def test_the_last_digits_find_a_number() -> None:
    assert found("60123", "020 7946 0123")
    assert found("7946 0123", "+442079460123")
    assert not found("60124", "020 7946 0123")


def test_a_few_digits_are_an_extension_and_not_an_ending() -> None:
    assert found("201", "201")
    assert not found("201", "02079460201")
    assert not found("201", "2012")


def test_who_has_no_number_is_found_by_what_was_given() -> None:
    assert found("Anonymous", "anonymous")
    assert found("alice", "sip:Alice@example.org")
    assert not found("alice", "bob")


@pytest.mark.parametrize("nothing", ["", " ", "\x00", "+", "---", "\udcff"])
def test_nothing_finds_nothing(nothing: str) -> None:
    assert search_range(nothing, "GB") is None
    assert search_key(nothing, "GB") == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("+44 20 7946 0123", "***123"),
        ("201", "201"),
        ("2001", "***001"),
        ("", ""),
        ("Ann Smith", "***"),
        ("; rm -rf / 5551234\n", "***234"),
        (FULLWIDTH, "***123"),
    ],
)
def test_a_log_shows_three_digits(text: str, shown: str) -> None:
    assert mask(text) == shown


@given(st.text(), st.text())
def test_no_text_breaks_anything(stored: str, query: str) -> None:
    assert len(search_key(stored, "GB")) <= KEY_LENGTH
    found(query, stored)
    assert mask(stored).strip("*").isascii()


@given(st.text())
def test_digits_of_any_script_are_digits(text: str) -> None:
    assert set(digits(text)) <= set("0123456789")


@given(st.from_regex(r"0[12][0-9]{9}", fullmatch=True))
def test_a_number_is_always_found_as_it_was_given(text: str) -> None:
    assert found(text, text)
