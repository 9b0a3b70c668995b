"""Stories: text files that tell one call's way, what must be ordered on it, and what its seconds were in the end.

    settings card__in_place=true            options that differ from the stage's
    0.306 channel PJSIP/trunk-1 exten=02079460001
    < start trunk-1                         the orders up to the next line, in this order
    5.000 step card-gate trunk-1
    < stop trunk-1
    < answer trunk-1 clear after card-not-recorded
    9.000 hangup trunk-1
    = trunk-1: recorded 0.31-5, suspended 5-9 (card line by PJSIP/202)

A channel is called by its name without the technology, a call by the channel that began it (``call=``). The pretended
Asterisk answers within a millisecond; ``stalls`` and ``works`` say when it does not, ``refuses`` that it cannot.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from callwarden.core import events as ev
from callwarden.core.spans import Span
from stage import Stage, left_behind, settings, short

END_SECONDS = 60.0
VALUES = {"true": True, "false": False}


@dataclass
class Beat:
    """One line of a story and what must be ordered until the next."""

    number: int
    text: str
    orders: list[str] = field(default_factory=list)


@dataclass
class Story:
    """A story as it was read."""

    path: Path
    beats: list[Beat] = field(default_factory=list)
    ledger: list[str] = field(default_factory=list)
    changed: dict[str, object] = field(default_factory=dict)


def read(path: Path) -> Story:
    """A story from its file."""
    return read_lines(path, path.read_text().splitlines())


def read_lines(path: Path, lines: Iterable[str]) -> Story:
    """A story from its lines."""
    story = Story(path)
    for number, raw in enumerate(lines, 1):
        line = "" if raw.startswith("#") else raw.strip()
        if line.startswith("<"):
            story.beats[-1].orders.append(line.removeprefix("<").strip())
        elif line.startswith("="):
            story.ledger.append(line.removeprefix("=").strip())
        elif line.startswith("settings "):
            story.changed.update(_settings(line.split()[1:]))
        elif line:
            story.beats.append(Beat(number, line))
    return story


def _settings(words: Iterable[str]) -> dict[str, object]:
    pairs = (word.partition("=") for word in words)
    return {name: VALUES.get(value, _number(value)) for name, _, value in pairs}


def _number(text: str) -> object:
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text


def perform(story: Story) -> Iterator[tuple[Beat, list[str]]]:
    """Each line of the story with the orders that came of it; when all is told, time runs on until nothing is due."""
    actors = Actors(Stage(settings(**story.changed)))
    for index, beat in enumerate(story.beats):
        mark = len(actors.stage.orders)
        actors.play(beat.text)
        following = story.beats[index + 1 :]
        actors.stage.advance(float(following[0].text.split()[0]) if following else actors.stage.now + END_SECONDS)
        yield beat, actors.stage.orders[mark:]
    yield Beat(0, "the ledger", story.ledger), ledger(actors.stage)
    if not actors.stage.asterisk.channels:
        assert left_behind(actors.stage.book) == {}


def ledger(stage: Stage) -> list[str]:
    """Every second of every channel that has ended, a line a channel."""
    lines = []
    for channel in stage.catalogue.channels:
        if channel.ended is None or channel.role == "plumbing":
            continue
        spans = stage.catalogue.ledger(channel) if channel.answered is not None else []
        told = ", ".join(text for span in spans if (text := _span(span)))
        lines.append(f"{channel.unique_id}: {told or 'not answered'}")
    return lines


def _span(span: Span) -> str:
    """``suspended 5-9 (card line by PJSIP/202)``; nothing for what lasts less than a hundredth of a second."""
    if span.seconds < 0.01:
        return ""
    reason = span.why + (f" by {span.by}" if span.by else "")
    return f"{span.kind} {span.started:.4g}-{span.ended:.4g}" + (f" ({reason})" if reason else "")


class Actors:
    """What each verb of a story does on the stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._steps = 0
        self._verbs: dict[str, Callable[[float, list[str], dict[str, str]], None]] = {
            "channel": self._channel,
            "up": lambda at, who, _: self._tell(ev.ChannelAnswered(at, who[0])),
            "hangup": lambda at, who, _: self._tell(ev.ChannelHungUp(at, who[0])),
            "rename": lambda at, who, _: self._tell(ev.ChannelRenamed(at, who[0], who[1])),
            "merge": lambda at, who, _: self._tell(ev.LinkedIdChanged(at, who[0], who[1])),
            "enter": lambda at, who, _: self._tell(
                ev.BridgeEntered(at, who[0], who[1], "holding" in who, "conference" in who)
            ),
            "leave": lambda at, who, _: self._tell(ev.BridgeLeft(at, who[0], who[1])),
            "local": lambda at, who, _: self._tell(ev.LocalPaired(at, who[0], who[1])),
            "dial": self._dial,
            "music": self._music,
            "foreign": lambda at, who, _: self._tell(ev.ForeignRecorderStarted(at, who[0])),
            "stolen": self._stolen,
            "step": self._step,
            "suspend": lambda at, who, _: self._tell(ev.SuspensionOrdered(at, who[0], who[1], 1)),
            "resume": lambda at, who, _: self._tell(ev.ResumptionOrdered(at, who[0], who[1], 1)),
            "stalls": lambda *_: self._obey(False),
            "works": lambda *_: self._obey(True),
            "loses": lambda *_: self.stage.work(lost_reply=True),
            "refuses": lambda _, words, __: setattr(self.stage.asterisk, "refuses", " ".join(words)),
            "link": self._link,
            "restart": lambda *_: self.stage.restart(),
            "wait": lambda *_: None,
        }

    def play(self, line: str) -> None:
        """Act one line."""
        moment, verb, *words = line.split()
        self.stage.advance(float(moment))
        named = dict(word.split("=", 1) for word in words if "=" in word)
        self._verbs[verb](float(moment), [word for word in words if "=" not in word], named)

    def _tell(self, event: ev.Event) -> None:
        self.stage.happen(event)

    def _channel(self, at: float, words: list[str], named: dict[str, str]) -> None:
        own = short(words[0])
        details: dict[str, Any] = {
            "caller_number": named.get("number", ""), "context": named.get("context", ""),
            "exten": named.get("exten", ""), "answered": "up" in words,
        }  # fmt: skip
        linked_id = named.get("call", own)
        self._tell(ev.ChannelCreated(at=at, unique_id=own, linked_id=linked_id, name=words[0], **details))

    def _dial(self, at: float, words: list[str], named: dict[str, str]) -> None:
        caller, destination, *string = words
        self._tell(ev.DialBegun(at, caller, destination, " ".join(string), named.get("context", "")))

    def _music(self, at: float, words: list[str], _: dict[str, str]) -> None:
        kind = ev.MusicStopped if "over" in words else ev.MusicStarted
        self._tell(kind(at, words[0]))

    def _stolen(self, at: float, words: list[str], _: dict[str, str]) -> None:
        for event in self.stage.asterisk.stolen(at, words[0]):
            self.stage.later(0.001, event)

    def _step(self, at: float, words: list[str], named: dict[str, str]) -> None:
        self._steps += 1
        call = (named["call"],) if "call" in named else ()
        step = ev.Step(words[0])
        self._tell(ev.StepAsked(at=at, step_id=self._steps, step=step, unique_id=words[1], arguments=call))

    def _link(self, _: float, words: list[str], __: dict[str, str]) -> None:
        if words == ["lost"]:
            self.stage.lose_link()
        else:
            self.stage.regain_link()

    def _obey(self, obedient: bool) -> None:
        self.stage.obedient = obedient
        for _ in range(len(self.stage.ami) if obedient else 0):
            self.stage.work()
