"""Requests: who decides which kind, what one covers, when it counts, and the month of the law."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from callwarden.custody.people import Asker, Role
from callwarden.custody.requests import (
    APPROVERS,
    Kind,
    Request,
    State,
    Subject,
    covers,
    days_left,
    deadline,
    incomplete,
    may_approve,
    may_decide,
    may_hear,
    may_see,
    standing,
)

NOW = 1_780_000_000.0
DAY = 86400.0


def person(user: str, *roles: Role) -> Asker:
    return Asker(user, user.title(), frozenset(roles), 1000)


VIV = person("viv", Role.MONITOR)
DPO = person("dpo", Role.DPO)
DIRECTOR = person("director", Role.DIRECTOR)
SUBJECT = Subject("1780000000.7", "1780000000.6", NOW - DAY, ("07700 900123", "02079460001", "202"), ("PJSIP/202",))


def request(**changes: Any) -> Request:
    wanted = Request(
        id=1, kind=Kind.TRAINING, reason="induction of a new receptionist", calls=(), number="", extension="202",
        from_=None, to=None, parties="", other="", received=NOW, opened=NOW, opened_by=VIV.who, state=State.OPEN,
    )  # fmt: skip
    return replace(wanted, **changes)


def approved(**changes: Any) -> Request:
    return request(state=State.APPROVED, lasts=NOW + DAY, **changes)


@pytest.mark.parametrize("kind", Kind)
def test_who_must_approve_follows_the_kind(kind: Kind) -> None:
    for who, role in ((DPO, Role.DPO), (DIRECTOR, Role.DIRECTOR)):
        no = may_approve(request(kind=kind), who, NOW, "agreed", "HR on 3 May")
        assert (no == "") == (role in APPROVERS[kind]), no
    assert "decided by the" in may_approve(request(kind=kind, opened_by="x"), VIV, NOW, "a", "b")


def test_only_the_data_protection_officer_decides_what_the_policy_gives_to_them() -> None:
    for kind in (Kind.SUBJECT_ACCESS, Kind.LAW_ENFORCEMENT, Kind.DISCIPLINARY):
        assert APPROVERS[kind] == (Role.DPO,)


def test_nobody_approves_their_own() -> None:
    assert "nobody approves their own" in may_decide(request(opened_by=DPO.who), DPO, NOW)


@pytest.mark.parametrize(("agreement", "consulted"), [("", "HR"), ("yes", ""), (" ", " ")])
def test_a_disciplinary_request_needs_the_agreement_in_writing_after_consultation(
    agreement: str, consulted: str
) -> None:
    assert "agreement in writing" in may_approve(request(kind=Kind.DISCIPLINARY), DPO, NOW, agreement, consulted)


@pytest.mark.parametrize("state", [State.APPROVED, State.REFUSED, State.CLOSED])
def test_only_an_open_request_is_decided(state: State) -> None:
    assert f"is {state}" in may_decide(request(state=state), DPO, NOW)


def test_an_approval_ends() -> None:
    one = approved()
    assert standing(one, NOW + DAY - 1) is State.APPROVED
    assert standing(one, NOW + DAY) is State.EXPIRED
    assert may_hear(one, VIV, SUBJECT, NOW, "GB") == ""
    assert "has expired" in may_hear(one, VIV, SUBJECT, NOW + DAY, "GB")


@pytest.mark.parametrize("state", [State.OPEN, State.REFUSED, State.CLOSED])
def test_only_an_approved_request_lets_hear(state: State) -> None:
    assert f"is {state}, not approved" in may_hear(request(state=state), VIV, SUBJECT, NOW, "GB")


def test_a_request_is_the_requesters_own_and_the_data_protection_officers() -> None:
    assert "another person's" in may_hear(approved(), DIRECTOR, SUBJECT, NOW, "GB")
    assert may_hear(approved(), DPO, SUBJECT, NOW, "GB") == ""
    assert may_see(request(), VIV)
    assert may_see(request(), DIRECTOR)
    assert not may_see(request(), person("other", Role.MONITOR))


def test_what_is_not_covered_is_not_heard() -> None:
    assert "does not cover recording 1780000000.7" in may_hear(approved(extension="201"), VIV, SUBJECT, NOW, "GB")


@pytest.mark.parametrize(
    ("wanted", "covered"),
    [
        ({"extension": "202"}, True),
        ({"extension": "PJSIP/202"}, True),
        ({"extension": "20"}, False),
        ({"extension": "", "number": "+44 7700 900123"}, True),
        ({"extension": "", "number": "07700900123"}, True),
        ({"extension": "", "number": "0044 (7700) 900-123"}, True),
        ({"extension": "", "number": "07700900124"}, False),
        ({"extension": "", "number": "+49 7700 900123"}, False),
        ({"extension": "", "calls": ("1780000000.6",)}, True),
        ({"extension": "", "calls": ("1780000000.7",)}, True),
        ({"extension": "", "calls": ("1780000000.8",)}, False),
        ({"extension": "202", "calls": ("1780000000.8",)}, False),
        ({"extension": "", "from_": NOW - 2 * DAY, "to": NOW}, True),
        ({"extension": "", "from_": NOW - 2 * DAY, "to": NOW - DAY}, False),
        ({"extension": "", "from_": NOW - DAY + 1}, False),
        ({"extension": "202", "number": "07700900124"}, False),
        ({"extension": ""}, False),
    ],
)
def test_a_request_covers_what_fits_all_that_it_says(wanted: dict[str, Any], covered: bool) -> None:
    assert covers(request(**wanted), SUBJECT, "GB") is covered


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, ""),
        ({"reason": "  "}, "valid reason"),
        ({"extension": ""}, "which recordings"),
        ({"number": "!"}, "is no number"),
        ({"from_": NOW, "to": NOW}, "ends before it begins"),
        ({"received": NOW + 1}, "in the future"),
        ({"other": "x" * 3000}, "at most 2000"),
    ],
)
def test_what_a_request_lacks_is_said(changes: dict[str, Any], sentence: str) -> None:
    said = incomplete(request(**changes))
    assert sentence in said
    assert bool(said) == bool(sentence)


@pytest.mark.parametrize(
    ("received", "last"),
    [
        (date(2026, 9, 3), date(2026, 10, 3)),
        (date(2026, 1, 31), date(2026, 2, 28)),
        (date(2028, 1, 30), date(2028, 2, 29)),
        (date(2026, 3, 31), date(2026, 4, 30)),
        (date(2026, 12, 15), date(2027, 1, 15)),
    ],
)
def test_the_law_gives_one_month_on_the_calendar(received: date, last: date) -> None:
    at = datetime(received.year, received.month, received.day, 23, 30, tzinfo=UTC).timestamp()
    assert deadline(at, UTC) == last
    one = request(kind=Kind.SUBJECT_ACCESS, received=at)
    assert days_left(one, at, UTC) == (last - received).days
    assert days_left(one, at + 40 * DAY, UTC) == (last - received).days - 40
    assert days_left(replace(one, state=State.CLOSED), at, UTC) is None
    assert days_left(request(), at, UTC) is None
