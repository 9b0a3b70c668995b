"""Moments as people write them."""

from datetime import datetime

import pytest

from callwarden.cli.when import stretch

NOW = datetime(2025, 11, 22, 10, 15, 30).timestamp()  # a Saturday, local time


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2025-11-22", "2025-11-22T00:00", "2025-11-23T00:00"),
        (" 2025-11-22 ", "2025-11-22T00:00", "2025-11-23T00:00"),
        ("22/11/2025", "2025-11-22T00:00", "2025-11-23T00:00"),
        ("1.2.2025", "2025-02-01T00:00", "2025-02-02T00:00"),
        ("2025-11-22 10:15", "2025-11-22T10:15", "2025-11-22T10:16"),
        ("2025-11-22T10:15", "2025-11-22T10:15", "2025-11-22T10:16"),
        ("2025-11-22 10:15:30", "2025-11-22T10:15:30", "2025-11-22T10:15:31"),
        ("2025-11", "2025-11-01T00:00", "2025-12-01T00:00"),
        ("2025-12", "2025-12-01T00:00", "2026-01-01T00:00"),
        ("today", "2025-11-22T00:00", "2025-11-23T00:00"),
        ("Yesterday", "2025-11-21T00:00", "2025-11-22T00:00"),
        ("saturday", "2025-11-22T00:00", "2025-11-23T00:00"),
        ("Sunday", "2025-11-16T00:00", "2025-11-17T00:00"),
        ("3 days ago", "2025-11-19T00:00", "2025-11-20T00:00"),
        ("1 month ago", "2025-10-22T00:00", "2025-10-23T00:00"),
        ("2 hours ago", "2025-11-22T08:15:30", "2025-11-22T08:15:30"),
        ("now", "2025-11-22T10:15:30", "2025-11-22T10:15:30"),
    ],
)
def test_a_text_names_a_stretch_of_local_time(text: str, start: str, end: str) -> None:
    expected = datetime.fromisoformat(start).timestamp(), datetime.fromisoformat(end).timestamp()
    assert stretch(text, NOW) == expected


def test_a_time_with_a_zone_of_its_own_is_that_moment() -> None:
    assert stretch("2025-11-22T10:15:30.500+02:00", 0)[0] == 1763799330.5
    assert stretch("2025-11-22T08:15:30Z", 0)[0] == 1763799330


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2025-13-01", "2025-13", "31/02/2025", "25:00", "ago", "x days ago", "9" * 99, "\x00", "0000-01"],
)
def test_what_is_no_time_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="is no time: write a date"):
        stretch(text, NOW)


@pytest.mark.parametrize("text", ["9999-12-31", "9999-12-31 23:59", "9999-12"])
def test_the_end_of_the_calendar_is_refused_too(text: str) -> None:
    with pytest.raises(ValueError, match="beyond the calendar"):
        stretch(text, NOW)
