"""Every second of an answered channel is one thing, and one thing only."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as some

from callwarden.core.facts import Gap, Segment, SegmentState, Suspension
from callwarden.core.ledger import UNEXPLAINED, account
from callwarden.core.spans import ONE_PER_CALL, Kind, Span

moments = some.integers(0, 50).map(float)
maybe = some.none() | moments


def segment(started: float | None, stopped: float | None, state: SegmentState = SegmentState.CLOSED) -> Segment:
    file = f"{started}-{stopped}.wav"
    return Segment(file=file, unique_id="1", number=1, state=state, asked=0.0, started=started, stopped=stopped)


def suspension(confirmed: float | None, ended: float | None, why: str = "card line", by: str = "202") -> Suspension:
    return Suspension(unique_id="1", number=1, why=why, by=by, asked=0.0, confirmed=confirmed, ended=ended)


def gap(started: float, ended: float, cause: str = "refused") -> Gap:
    return Gap(unique_id="1", started=started, ended=ended, cause=cause)


def told(spans: list[Span]) -> list[tuple[float, float, str, str]]:
    return [(span.started, span.ended, span.kind, span.why) for span in spans]


def test_recorded_silent_and_recorded_again() -> None:
    segments = [segment(-1.0, 10.0), segment(20.0, None)]
    spans = account(0.0, 30.0, segments=segments, suspensions=[suspension(10.0, 20.0)])
    assert told(spans) == [
        (0.0, 10.0, "recorded", ""),
        (10.0, 20.0, "suspended", "card line"),
        (20.0, 30.0, "recorded", ""),
    ]
    assert spans[1].by == "202"


def test_a_suspension_is_a_fact_only_from_its_proof() -> None:
    spans = account(0.0, 10.0, segments=[segment(0.0, 6.0)], suspensions=[suspension(6.0, None)])
    assert told(spans) == [(0.0, 6.0, "recorded", ""), (6.0, 10.0, "suspended", "card line")]
    unproven = account(0.0, 10.0, segments=[segment(0.0, None)], suspensions=[suspension(None, None)])
    assert told(unproven) == [(0.0, 10.0, "recorded", "")]


def closed(stopped: float | None, at: float, size: int = 1000) -> Segment:
    return replace(segment(0.0, stopped), closed=at, size=size)


def test_nothing_is_recorded_once_the_file_was_closed() -> None:
    spans = account(0.0, 20.0, segments=[closed(stopped=20.0, at=12.0), segment(15.0, 20.0)])
    assert told(spans) == [
        (0.0, 12.0, "recorded", ""),
        (12.0, 15.0, "gap", UNEXPLAINED),
        (15.0, 20.0, "recorded", ""),
    ]


def test_a_file_is_closed_some_moments_before_the_proof() -> None:
    assert told(account(0.0, 20.0, segments=[closed(stopped=20.0, at=19.2)])) == [(0.0, 20.0, "recorded", "")]
    assert closed(stopped=None, at=12.0).until is None


def test_what_claims_to_be_two_things_is_the_worse_one() -> None:
    facts = {"segments": [segment(0.0, 10.0)], "suspensions": [suspension(2.0, 4.0)], "gaps": [gap(3.0, 6.0)]}
    assert told(account(0.0, 10.0, **facts)) == [  # type: ignore[arg-type]
        (0.0, 2.0, "recorded", ""),
        (2.0, 4.0, "suspended", "card line"),
        (4.0, 6.0, "gap", "refused"),
        (6.0, 10.0, "recorded", ""),
    ]


def test_what_a_rule_leaves_out_is_exempt_however_it_came_to_be_silent() -> None:
    assert told(account(0.0, 10.0, exempt="card line")) == [(0.0, 10.0, "exempt", "card line")]
    spans = account(0.0, 10.0, gaps=[gap(0.0, 5.0, ONE_PER_CALL)], suspensions=[suspension(5.0, 10.0, ONE_PER_CALL)])
    assert {span.kind for span in spans} == {Kind.EXEMPT}


def test_a_failed_segment_holds_nothing() -> None:
    spans = account(0.0, 10.0, segments=[segment(0.0, 10.0, SegmentState.FAILED), segment(None, None)])
    assert told(spans) == [(0.0, 10.0, "gap", UNEXPLAINED)]


def test_a_channel_that_ended_as_it_was_answered_has_no_second_to_account_for() -> None:
    assert account(5.0, 5.0, segments=[segment(0.0, 9.0)]) == []


@given(
    answered=moments,
    length=some.integers(1, 60),
    segments=some.lists(some.builds(segment, maybe, maybe, some.sampled_from(SegmentState))),
    suspensions=some.lists(some.builds(suspension, maybe, maybe)),
    gaps=some.lists(some.builds(gap, moments, moments)),
    exempt=some.sampled_from(["", "exempt endpoint"]),
)
def test_the_spans_follow_one_another_from_the_answer_to_the_end(
    answered: float,
    length: int,
    segments: list[Segment],
    suspensions: list[Suspension],
    gaps: list[Gap],
    exempt: str,
) -> None:
    ended = answered + length
    spans = account(answered, ended, segments=segments, suspensions=suspensions, gaps=gaps, exempt=exempt)
    assert [span.started for span in spans] == [answered, *(span.ended for span in spans[:-1])]
    assert spans[-1].ended == ended
    assert all(span.seconds > 0 for span in spans)
