"""What holds over the whole table of a recording's life."""

from itertools import product

import pytest

from callwarden.core.facts import RecordingState as State
from callwarden.core.recording import OPEN, SILENT, TABLE, IllegalSignal, Order, Signal, step

EVERY = [(state, signal) for state, row in TABLE.items() for signal in row]
MISSING = [pair for pair in product(TABLE, Signal) if pair not in EVERY]
STARTS = {Signal.START, Signal.RETRY, Signal.LOST, Signal.RESUME}
# Tuples: what is parametrised has one order in every worker.
ANSWERS = (Signal.STARTED, Signal.START_FAILED, Signal.PROVEN_STOPPED, Signal.UNPROVEN)
PENDING = {State.STARTING: (Signal.STARTED, Signal.START_FAILED), State.SUSPENDING: (Signal.PROVEN_STOPPED,)}
PURGE = {State.PURGING, State.PURGED}


def reachable(start: State, signals: set[Signal]) -> set[State]:
    seen, frontier = {start}, [start]
    while frontier:
        for signal, (after, _) in TABLE[frontier.pop()].items():
            if signal in signals and after not in seen:
                seen.add(after)
                frontier.append(after)
    return seen


@pytest.mark.parametrize(("state", "signal"), EVERY)
def test_a_start_is_ordered_by_the_four_signals_that_ask_for_one_and_by_nothing_else(
    state: State, signal: Signal
) -> None:
    assert (Order.START in step(state, signal)[1]) == (signal in STARTS)


@pytest.mark.parametrize("silent", sorted(SILENT))
def test_no_start_is_reachable_from_silence_except_by_resume(silent: State) -> None:
    without_resume = reachable(silent, set(Signal) - {Signal.RESUME})
    orders = [
        order
        for state in without_resume
        for signal, (_, orders) in TABLE[state].items()
        if signal is not Signal.RESUME
        for order in orders
    ]
    assert Order.START not in orders
    assert without_resume & {State.STARTING, State.RECORDING, State.WANTED, State.FAILED} == set()


@pytest.mark.parametrize("state", sorted(OPEN))
def test_every_open_state_can_be_silenced_at_once_and_orders_a_stop_of_its_own(state: State) -> None:
    assert step(state, Signal.SUSPEND) == (State.SUSPENDING, (Order.STOP,))


@pytest.mark.parametrize("state", sorted(OPEN))
def test_every_open_state_survives_a_hang_up_by_way_of_closing(state: State) -> None:
    assert step(state, Signal.HUNG_UP) == (State.CLOSING, (Order.AWAIT_FILES,))


@pytest.mark.parametrize("state", sorted(OPEN))
def test_from_every_open_state_the_recording_can_be_stored(state: State) -> None:
    assert State.STORED in reachable(state, {Signal.HUNG_UP, Signal.FILES_CLOSED, Signal.STORED})


@pytest.mark.parametrize(("state", "ends"), PENDING.items(), ids=str)
def test_every_ing_state_ends_by_an_answer(state: State, ends: tuple[Signal, ...]) -> None:
    for signal in ends:
        after, orders = step(state, signal)
        assert after is not state
        assert Order.START not in orders


def test_a_stop_that_was_not_proven_is_ordered_again() -> None:
    assert step(State.SUSPENDING, Signal.UNPROVEN) == (State.SUSPENDING, (Order.STOP_AGAIN_LATER,))


@pytest.mark.parametrize(
    ("state", "answer"),
    [(s, a) for s in TABLE for a in ANSWERS if a in TABLE[s] and s not in (*PENDING, State.FAILED)],
)
def test_a_late_answer_changes_nothing(state: State, answer: Signal) -> None:
    assert step(state, answer) == (state, ())


@pytest.mark.parametrize("state", sorted(OPEN - {State.WANTED} | {State.CLOSING, State.CLOSED}))
def test_the_answer_to_a_start_is_expected_wherever_it_can_come(state: State) -> None:
    assert Signal.STARTED in TABLE[state]


@pytest.mark.parametrize(("state", "signal"), MISSING)
def test_an_illegal_signal_is_a_named_error(state: State, signal: Signal) -> None:
    with pytest.raises(IllegalSignal, match=f"{state} cannot be told {signal.name}"):
        step(state, signal)


def test_every_state_of_a_recording_in_the_daemons_hands_is_in_the_table() -> None:
    assert set(TABLE) == set(State) - PURGE


def test_ends_are_final() -> None:
    assert [state for state, row in TABLE.items() if not row] == [State.STORED, State.DISCARDED, State.MISSING]
