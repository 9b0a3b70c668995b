"""The core without Asterisk: calls replayed as events, each order carried out at once by a pretended other side.

Takes how many calls go on at a time; gives the CPU seconds that deciding took, per call and per event. What the other
side does is not counted.
"""

import itertools
import time
from collections import deque
from collections.abc import Iterable, Iterator

from callwarden.config import Settings
from callwarden.core import actions as do
from callwarden.core import events as ev
from callwarden.core.warden import Warden


def settings() -> Settings:
    return Settings.model_validate({"calls": {"trunks": ["PJSIP/trunk"]}})


class Replay:
    """`decided` and `seconds` count every event that the core was given, and the CPU time of its deciding."""

    def __init__(self, desks: int = 100, chosen: Settings | None = None) -> None:
        self.desks = desks
        self.warden = Warden(chosen or settings())
        self.now, self.decided, self.seconds, self.saved = 1_780_000_000.0, 0, 0.0, 0
        self._steps, self._callers = itertools.count(1), dict[int, str]()
        self._inbox: deque[ev.Event] = deque()
        self.tell(ev.SnapshotTaken(self.now, self.now, frozenset()))

    def tell(self, *events: ev.Event) -> None:
        """Decide these, and what follows from them."""
        self._inbox.extend(events)
        while self._inbox:
            event = self._inbox.popleft()
            began = time.thread_time_ns()
            actions = self.warden.decide(event)
            self.seconds += (time.thread_time_ns() - began) / 1e9
            self.decided += 1
            for action in actions:
                self._inbox.extend(self._answer(action))

    def _answer(self, action: do.Action) -> Iterable[ev.Event]:
        match action:
            case do.StartRecorder():
                yield ev.RecorderStarted(self.now, action.unique_id, action.file, action.file)
            case do.StopRecorders():
                yield ev.RecordersProvenStopped(self.now, action.unique_id, action.proof, "no recorder is left")
            case do.InspectFiles():
                yield from (ev.SegmentFileClosed(self.now, file, 1000) for file in action.files)
            case do.FinishRecording():
                yield ev.RecordingStored(self.now, action.unique_id)
            case do.AnswerStep():
                caller = self._callers.pop(action.step_id)
                if action.number:
                    yield ev.AnnouncementStarted(self.now, caller, action.number, "sha256")
                    yield ev.AnnouncementFinished(self.now, caller, action.number, complete=True)
            case do.Save() | do.Report():
                self.saved += 1

    # -- a call from outside to a desk, as Asterisk tells it ---------------------------------------------------------

    def begin(self, n: int) -> None:
        """From the first ring to the talk."""
        caller, desk, bridge = f"1780000000.{2 * n}", f"1780000000.{2 * n + 1}", f"b{n}"
        self.now += 0.05
        at, step = self.now, next(self._steps)
        self._callers[step] = caller
        self.tell(
            ev.ChannelCreated(at=at, unique_id=caller, linked_id=caller, name=f"PJSIP/trunk-{n:08x}",
                              caller_number="07700900123", context="from-trunk", exten="02079460001"),
            ev.StepAsked(at=at, step_id=step, step=ev.Step.INBOUND, unique_id=caller),
            ev.ChannelCreated(at=at, unique_id=desk, linked_id=caller, name=f"PJSIP/{3000 + n % self.desks}-{n:08x}",
                              context="from-internal"),
            ev.DialBegun(at, caller, desk, str(3000 + n % self.desks), "from-trunk"),
            ev.CallerIdentified(at, desk, str(3000 + n % self.desks), "Desk"),
            ev.ChannelAnswered(at, desk),
            ev.ChannelAnswered(at, caller),
            ev.BridgeEntered(at, bridge, desk),
            ev.BridgeEntered(at, bridge, caller),
        )  # fmt: skip

    def end(self, n: int) -> None:
        """They hang up."""
        caller, desk, bridge = f"1780000000.{2 * n}", f"1780000000.{2 * n + 1}", f"b{n}"
        self.now += 0.05
        at = self.now
        self.tell(
            ev.BridgeLeft(at, bridge, desk), ev.BridgeLeft(at, bridge, caller),
            ev.ChannelHungUp(at, desk), ev.ChannelHungUp(at, caller),
        )  # fmt: skip
        for unique_id in (caller, desk):
            recorder = self.warden.book.recorders.get(unique_id)
            files = [segment.file for segment in recorder.segments] if recorder is not None else []
            self.tell(*(ev.SegmentFileClosed(at, file, 1000) for file in files))


def steady(replay: Replay, standing: int, calls: int) -> Iterator[int]:
    """So many calls stand, and then for each that begins the eldest ends; gives each one's number."""
    for n in range(standing):
        replay.begin(n)
    replay.seconds, replay.decided = 0.0, 0
    for n in range(standing, standing + calls):
        replay.begin(n)
        replay.end(n - standing)
        yield n
