"""The life of one channel's recording, as one literal table: (state, signal) -> (next state, orders).

The rules, which tests prove over the whole table:

* A request is not a fact: ``-ing`` states end only by Asterisk's answer, or by the channel's end.
* ADOPTED is a monitor that was found running after Asterisk had been out of sight; it is a fact, not an order.
* A recorder is started by START, RETRY, LOST (somebody else stopped it) or RESUME and by nothing else; a silent state
  (suspending, suspended) is left towards a start by RESUME alone, and whoever sends RESUME has first made sure that no
  card line is near.
* SUSPEND always orders a stop, whatever is believed to run: each gate wants a proof of its own. AMI performs the
  actions of one connection in order, so a stop that follows a start that was not yet answered stops that one too.
* A stop that could not be proven is ordered again until it is: unknown counts as not stopped.
* Every open state survives HUNG_UP, by way of closing: files are closed when they were seen closed.
* A late answer (to a request that was overtaken) changes nothing.

Anything else is :class:`IllegalSignal`, and changes nothing.
"""

from enum import Enum, auto

from callwarden.core.facts import RecordingState as State


class Signal(Enum):
    """What can happen to a recording."""

    START = auto()
    STARTED = auto()
    START_FAILED = auto()
    RETRY = auto()
    ADOPTED = auto()
    SUSPEND = auto()
    PROVEN_STOPPED = auto()
    UNPROVEN = auto()
    RESUME = auto()
    LOST = auto()
    NOTHING_WRITTEN = auto()
    HUNG_UP = auto()
    FILES_CLOSED = auto()
    STORED = auto()
    STORE_FAILED = auto()
    GIVEN_UP = auto()
    DISCARDED = auto()


class Order(Enum):
    """What is to be done about it."""

    START = auto()
    STOP = auto()
    RETRY_START_LATER = auto()
    STOP_AGAIN_LATER = auto()
    AWAIT_FILES = auto()
    FINISH = auto()
    RETRY_FINISH_LATER = auto()


class IllegalSignal(Exception):
    """The table has no entry for this: a defect in whoever sent the signal."""

    def __init__(self, state: State, signal: Signal) -> None:
        super().__init__(f"a recording that is {state} cannot be told {signal.name}")
        self.state = state
        self.signal = signal


W, STG, REC, SPG, SPD = State.WANTED, State.STARTING, State.RECORDING, State.SUSPENDING, State.SUSPENDED
FLD, CLG, CLD, STD, DSC, MIS = State.FAILED, State.CLOSING, State.CLOSED, State.STORED, State.DISCARDED, State.MISSING
S, O = Signal, Order  # noqa: E741  (the table reads better than the letter confuses)

TABLE: dict[State, dict[Signal, tuple[State, tuple[Order, ...]]]] = {
    W: {
        S.START: (STG, (O.START,)),
        S.ADOPTED: (REC, ()),
        S.SUSPEND: (SPG, (O.STOP,)),
        S.HUNG_UP: (CLG, (O.AWAIT_FILES,)),
    },
    STG: {
        S.STARTED: (REC, ()),
        S.START_FAILED: (FLD, (O.RETRY_START_LATER,)),
        S.SUSPEND: (SPG, (O.STOP,)),
        S.PROVEN_STOPPED: (STG, ()),
        S.UNPROVEN: (STG, ()),
        S.HUNG_UP: (CLG, (O.AWAIT_FILES,)),
    },
    REC: {
        S.STARTED: (REC, ()),
        S.SUSPEND: (SPG, (O.STOP,)),
        S.PROVEN_STOPPED: (REC, ()),
        S.UNPROVEN: (REC, ()),
        S.LOST: (STG, (O.START,)),
        S.NOTHING_WRITTEN: (FLD, (O.RETRY_START_LATER,)),
        S.HUNG_UP: (CLG, (O.AWAIT_FILES,)),
    },
    SPG: {
        S.STARTED: (SPG, ()),
        S.START_FAILED: (SPG, ()),
        S.SUSPEND: (SPG, (O.STOP,)),
        S.PROVEN_STOPPED: (SPD, ()),
        S.UNPROVEN: (SPG, (O.STOP_AGAIN_LATER,)),
        S.RESUME: (STG, (O.START,)),
        S.HUNG_UP: (CLG, (O.AWAIT_FILES,)),
    },
    SPD: {
        S.STARTED: (SPD, ()),
        S.START_FAILED: (SPD, ()),
        S.SUSPEND: (SPG, (O.STOP,)),
        S.PROVEN_STOPPED: (SPD, ()),
        S.UNPROVEN: (SPD, ()),
        S.RESUME: (STG, (O.START,)),
        S.HUNG_UP: (CLG, (O.AWAIT_FILES,)),
    },
    FLD: {
        S.RETRY: (STG, (O.START,)),
        S.ADOPTED: (REC, ()),
        S.STARTED: (REC, ()),
        S.START_FAILED: (FLD, ()),
        S.SUSPEND: (SPG, (O.STOP,)),
        S.PROVEN_STOPPED: (FLD, ()),
        S.UNPROVEN: (FLD, ()),
        S.HUNG_UP: (CLG, (O.AWAIT_FILES,)),
    },
    CLG: {
        S.STARTED: (CLG, ()),
        S.START_FAILED: (CLG, ()),
        S.PROVEN_STOPPED: (CLG, ()),
        S.UNPROVEN: (CLG, ()),
        S.FILES_CLOSED: (CLD, (O.FINISH,)),
    },
    CLD: {
        S.STARTED: (CLD, ()),
        S.START_FAILED: (CLD, ()),
        S.STORED: (STD, ()),
        S.DISCARDED: (DSC, ()),
        S.STORE_FAILED: (CLD, (O.RETRY_FINISH_LATER,)),
        S.GIVEN_UP: (MIS, ()),
        S.FILES_CLOSED: (CLD, (O.FINISH,)),
    },
    STD: {},
    DSC: {},
    MIS: {},
}  # fmt: skip

SILENT = frozenset({SPG, SPD})
OPEN = frozenset({W, STG, REC, SPG, SPD, FLD})


def step(state: State, signal: Signal) -> tuple[State, tuple[Order, ...]]:
    """The next state and what is to be done. Raises :class:`IllegalSignal`."""
    try:
        return TABLE[state][signal]
    except KeyError:
        raise IllegalSignal(state, signal) from None
