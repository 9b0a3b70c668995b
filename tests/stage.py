"""The core on a stage: a :class:`Warden`, a pretended Asterisk that does what it is told, a clock and a catalogue.

Takes events with their times; gives the orders as short lines (``stop 202-1``, ``answer trunk-1 clear``) and, in the
end, what the catalogue knows. AMI actions are executed in the order in which they were sent. A channel's unique id is
its name without the technology (``trunk-1`` of ``PJSIP/trunk-1``).
"""

import heapq
import itertools
from dataclasses import replace
from typing import Any

from callwarden.config import Settings
from callwarden.core import actions as do
from callwarden.core import events as ev
from callwarden.core.book import Book
from callwarden.core.warden import Warden
from pretended import PretendAsterisk
from remembering import Catalogue

REPLY_SECONDS = 0.001
PROMPT_SECONDS = 0.2
NO_LINK = "not connected to Asterisk"
CARD_LINES: list[dict[str, object]] = [
    {"name": "payments", "extension": "700", "endpoint": "PJSIP/700"},
    {"name": "payment IVR", "extension": "701", "number": "09098790001"},
]


def settings(**dotted: object) -> Settings:
    """The settings of the stage, with changes: ``settings(recording__scope="one-per-call")``."""
    tree: dict[str, Any] = {"calls": {"trunks": ["PJSIP/trunk"]}, "card": {"line": CARD_LINES}}
    for name, value in dotted.items():
        section, _, option = name.partition("__")
        tree.setdefault(section, {})[option] = value
    return Settings.model_validate(tree)


def short(name: str) -> str:
    """The unique id of a channel by its name."""
    return name.partition("/")[2]


class Stage:
    """``obedient`` executes each AMI action a millisecond after it was sent; otherwise :meth:`work` does, one each."""

    def __init__(self, chosen: Settings | None = None, obedient: bool = True) -> None:
        self.settings = chosen or settings()
        self.warden = Warden(self.settings)
        self.asterisk = PretendAsterisk()
        self.catalogue = Catalogue()
        self.now = 0.0
        self.linked = True
        self.obedient = obedient
        self.orders: list[str] = []
        self.actions: list[do.Action] = []
        self.ami: list[do.StartRecorder | do.StopRecorders] = []
        self.asked: dict[int, ev.StepAsked] = {}
        self._timers: dict[tuple[str, ...], float] = {}
        self._coming: list[tuple[float, int, ev.Event | None]] = []
        self._serial = itertools.count(1)
        self._snapshot()

    @property
    def book(self) -> Book:
        return self.warden.book

    # -- time -----------------------------------------------------------------------------------------------------

    def advance(self, to: float) -> None:
        """Let time pass: answers come, timers expire, each at its moment."""
        while (due := self._next()) is not None and due <= to:
            self.now = max(self.now, due)
            self._one_due()
        self.now = max(self.now, to)

    def _next(self) -> float | None:
        times = [*self._timers.values(), *(at for at, _, _ in self._coming[:1])]
        return min(times, default=None)

    def _one_due(self) -> None:
        if self._coming and self._coming[0][0] <= min(self._timers.values(), default=float("inf")):
            _, _, event = heapq.heappop(self._coming)
            if event is None:
                self.work()
            elif isinstance(event, ev.AnnouncementFinished):
                heard = event.unique_id in self.asterisk.channels
                self.decide(replace(event, at=self.now, complete=heard))
            else:
                self.decide(replace(event, at=self.now))
            return
        key = min(self._timers, key=lambda one: (self._timers[one], one))
        del self._timers[key]
        self.decide(ev.TimerExpired(self.now, key))

    def later(self, seconds: float, event: ev.Event | None) -> None:
        """Have an event (None: the next AMI action) happen in so many seconds."""
        heapq.heappush(self._coming, (self.now + seconds, next(self._serial), event))

    # -- what happens ---------------------------------------------------------------------------------------------

    def happen(self, event: ev.Event) -> list[str]:
        """Something happens in Asterisk at the event's time; the daemon hears of it unless the link is down."""
        self.advance(event.at)
        mark = len(self.orders)
        for consequence in self.asterisk.take(event):
            self.later(REPLY_SECONDS, consequence)
        if isinstance(event, ev.StepAsked):
            self.asked[event.step_id] = event
        if self.linked or isinstance(event, ev.StepAsked | ev.SuspensionOrdered | ev.ResumptionOrdered):
            self.decide(event)
        return self.orders[mark:]

    def decide(self, event: ev.Event) -> list[do.Action]:
        actions = self.warden.decide(event)
        for action in actions:
            self.actions.append(action)
            self._perform(action)
        return actions

    def lose_link(self) -> None:
        """The AMI link breaks: what was not answered fails, what was sent is not known to be done."""
        self.linked = False
        unanswered, self.ami = self.ami, []
        self.decide(ev.LinkLost(self.now, "the connection was closed"))
        for order in unanswered:
            self.decide(self._fail(order, "the connection was closed"))

    def regain_link(self) -> None:
        self.linked = True
        self._snapshot()

    def restart(self) -> None:
        """The daemon is killed and started again: all it knows is the catalogue."""
        self.ami.clear()
        self._timers.clear()
        self._coming = [one for one in self._coming if isinstance(one[2], ev.SegmentFileClosed)]
        self.asked.clear()
        self.warden = Warden(self.settings)
        self.linked = True
        for event in list(self.catalogue.remembered(self.now)):
            self.decide(event)
        self._snapshot()

    def _snapshot(self) -> None:
        for event in list(self.asterisk.snapshot(self.now)):
            self.decide(event)

    def work(self, lost_reply: bool = False) -> None:
        """Asterisk executes the next AMI action. ``lost_reply``: the daemon waits for the answer in vain."""
        if not self.ami:
            return
        order = self.ami.pop(0)
        start = isinstance(order, do.StartRecorder)
        outcome = self.asterisk.start(self.now, order) if start else self.asterisk.stop(self.now, order)  # type: ignore[arg-type]
        if lost_reply:
            outcome = [*outcome[:-1], self._fail(order, "no answer in time", unanswered=True)]
        for event in outcome:
            self.decide(event)

    def _fail(self, order: do.StartRecorder | do.StopRecorders, why: str, unanswered: bool = False) -> ev.Event:
        if isinstance(order, do.StartRecorder):
            return ev.RecorderStartFailed(self.now, order.unique_id, order.file, why, unanswered)
        return ev.RecordersStopUnproven(self.now, order.unique_id, order.proof, why)

    # -- what is ordered --------------------------------------------------------------------------------------------

    def _perform(self, action: do.Action) -> None:
        line = self._line(action)
        if line:
            self.orders.append(line)
        match action:
            case do.StartRecorder() | do.StopRecorders():
                self._send(action)
            case do.SetTimer():
                self._timers[action.key] = self.now + action.seconds
            case do.CancelTimer():
                self._timers.pop(action.key, None)
            case do.Save() | do.Report():
                self.catalogue.save(action.fact)
            case do.InspectFiles():
                for file in action.files:
                    if not (action.missing_only and self.asterisk.exists(file)):
                        self.later(0, self.asterisk.inspect(self.now, file))
            case do.FinishRecording():
                self._finish(action)
            case do.AnswerStep():
                asked = self.asked.pop(action.step_id, None)
                if action.number and asked is not None:
                    self._announce(asked.unique_id, action.number)
            case do.Whisper():
                self._announce(action.unique_id, action.number)
            case _:
                pass

    def _send(self, action: do.StartRecorder | do.StopRecorders) -> None:
        if not self.linked:
            self.later(0, self._fail(action, NO_LINK))
            return
        self.ami.append(action)
        if self.obedient:
            self.later(REPLY_SECONDS, None)

    def _finish(self, action: do.FinishRecording) -> None:
        heard = action.answered is not None and action.segments
        stored = ev.RecordingStored(self.now, action.unique_id)
        self.later(REPLY_SECONDS, stored if heard else ev.RecordingDiscarded(self.now, action.unique_id))

    def _announce(self, unique_id: str, number: int) -> None:
        self.later(0.01, ev.AnnouncementStarted(self.now, unique_id, number, "hash"))
        self.later(PROMPT_SECONDS, ev.AnnouncementFinished(self.now, unique_id, number, complete=True))

    def _line(self, action: do.Action) -> str:
        match action:
            case do.StartRecorder():
                return f"start {action.unique_id}"
            case do.StopRecorders():
                return f"stop {action.unique_id}"
            case do.AnswerStep():
                return self._answer_line(action)
            case do.Whisper():
                return f"whisper {action.unique_id} {action.prompt}"
            case do.RedirectChannel():
                return f"redirect {action.unique_id} {action.exten}@{action.context}"
            case do.ReplyToOperator():
                return f"reply {'yes' if action.ok else 'no'}: {action.message}"
            case do.RaiseAlarm():
                return f"alarm {action.kind} {action.unique_id}"
            case _:
                return ""

    def _answer_line(self, action: do.AnswerStep) -> str:
        asked = self.asked.get(action.step_id)
        who = asked.unique_id if asked else "nobody"
        variables = dict(action.variables)
        word = variables.get("CALLWARDEN_GATE") or variables.get("CALLWARDEN_STEP") or "nothing"
        back = f" back to {variables['CALLWARDEN_RETURN']}" if "CALLWARDEN_RETURN" in variables else ""
        return f"answer {who} {word}{back}" + (f" after {action.prompt}" if action.prompt else "")


def left_behind(book: Book) -> dict[str, object]:
    """What the core still remembers; empty once every channel is gone and every recording stored."""
    calls = book.calls
    full = [bridge for bridge in calls.bridges.values() if bridge.members]  # a parking lot's stands empty for ever
    remains: dict[str, object] = {
        "legs": calls.legs, "bridges": full, "halves": calls._halves, "linked ids": calls._of_linked_id,
        "endpoints": calls._of_endpoint, "facts": book.facts, "recorders": book.recorders, "gates": book.gates,
        "announcements": book.announcements, "last_phone": book.last_phone, "early": book.early,
        "returning": book.returning, "watched": book.watched, "remembered": book.remembered,
    }  # fmt: skip
    return {name: left for name, left in remains.items() if left}
