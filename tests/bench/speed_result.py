"""What one run found: the shape of `results/*.json`. Times in ms where they are a Spread, else in seconds."""

from typing import TypedDict

from bench.costs import Rest, Surroundings
from bench.figures import Spread


class Recorded(TypedDict):
    """From Newchannel to recording: by Asterisk's events, and by the catalogue; and how long before the answer."""

    events: Spread
    catalogue: Spread
    before_answer: Spread


class Missed(TypedDict):
    """Of the sound at the answer: recordings listened to, packets that one of them lacks, packets that all recordings
    of a call lack, and the most that one lacks in ms."""

    recordings: int
    packets: int
    in_all: int
    most: float


class Spent(TypedDict):
    """CPU seconds of each process, in so many seconds, over so many calls."""

    calls: int
    seconds: float
    cpu: dict[str, float]


class GateTimes(TypedDict):
    daemon: Spread  # the request arrives -> "clear" is written
    deciding: Spread  # ... -> the first stop is sent
    stopping: Spread  # ... -> Asterisk's last proof
    answering: Spread  # ... -> "clear" is written
    outside: Spread  # AGI() connects -> INVITE to the card phone


class Gates(GateTimes):
    calls: int
    refused: int
    catalogue: Spread  # asked -> last confirmed


class Lone(TypedDict):
    """Calls one after another."""

    recorded: Recorded
    spent: Spent  # from the first ring to the last recording in the vault
    missed_after_ringing: Missed
    missed_without_ringing: Missed


class Standing(TypedDict):
    """Calls that stand."""

    rests: list[Rest]
    set_ups: list[Spent]
    recorded: Recorded  # of the last ones that were set up
    transfers: Gates
    consultations: Gates


class Finished(TypedDict):
    """After the calls: recordings in the vault and those that were not there in time, hours of sound, the daemon's CPU
    seconds."""

    recordings: int
    left: int
    hours: float
    seconds: float
    cpu: float


class Result(TypedDict):
    surroundings: Surroundings
    lone: Lone
    missed_when_announced: Missed
    standing: Standing
    finished: Finished
