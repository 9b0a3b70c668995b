"""One call as it is played: what it takes from the office, whom it brings, and how it ends."""

import contextlib
import queue
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from lab.ami import AmiError
from soak.cast import Person
from soak.office import Office, card_party
from soak.tones_of import caller, tone_of

T = TypeVar("T")
HOSTILE_NAMES = (
    "Robert'); DROP TABLE calls;--", "$(touch /tmp/callwarden-canary)", "../../../etc/passwd", "Smith, John,b(x)",
    "a|b|c", "[bold red]Ann[/]", "Zoë 🐈", "x" * 300, "%0d%0aEvent: Hangup", "\\\"\\",
)  # fmt: skip
CARD_SECONDS = (0.8, 4.0)


@dataclass(slots=True)
class Scene:
    """One call: its number, its dice, and whom it has brought."""

    office: Office
    number: int
    dice: random.Random
    longest: float
    people: list[Person] = field(default_factory=list)
    given_back: list[Callable[[], None]] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)

    # -- who and where ------------------------------------------------------------------------------------------------

    def take(self, shelf: "queue.SimpleQueue[T]") -> T:
        """Something that no other call has meanwhile."""
        thing = shelf.get()
        self.given_back.append(lambda: shelf.put(thing))
        return thing

    def desk(self, mode: str = "answer", after: float | None = None) -> str:
        """One whose tone nobody else of this call has: two of one tone can cancel each other out."""
        tones = {tone_of(number) for number in self.numbers}
        while tone_of(desk := self.office.desks.get()) in tones:
            self.office.desks.put(desk)
        self.given_back.append(lambda: self.office.desks.put(desk))
        self.behave(desk, mode, after)
        return desk

    def behave(self, number: str, mode: str = "answer", after: float | None = None) -> None:
        self.numbers.append(number)
        ringing = self.dice.uniform(0, 1.5) if after is None else after
        self.office.cast.does(number, mode, round(ringing, 2), tone_of(number) or 0)

    def card(self) -> str:
        card = self.take(self.office.cards)
        self.numbers.append(card_party(card))
        return card

    def expect(self, number: str) -> "Expected":
        """Call this before what makes them answer."""
        return Expected(self, number, self.office.cast.answers(number))

    def ring_in(self, did: str) -> Person:
        number = caller(self.number)
        name = self.dice.choice(HOSTILE_NAMES) if self.dice.random() < 0.15 else f"Caller {self.number}"
        return self._brought(self.office.cast.ring(self._key, "pbx-trunk", did, number, name, tone_of(number) or 0))

    def dial(self, desk: str, to: str) -> Person:
        return self._brought(self.office.cast.ring(self._key, "pbx-phones", to, desk, "", tone_of(desk) or 0))

    @property
    def _key(self) -> str:
        return f"soak-{self.number}"

    def _brought(self, person: Person) -> Person:
        self.people.append(person)
        return person

    # -- what they do -------------------------------------------------------------------------------------------------

    def talk(self, person: Person) -> None:
        person.talk(self.dice.uniform(1.0, self.longest))

    def one_hangs_up(self, *people: Person) -> None:
        self.dice.choice(people).hang_up()

    def pay(self, card: "Expected") -> None:
        """Whoever answers at the card line listens to the card and hangs up."""
        party = card.answers()
        party.talk(self.dice.uniform(*CARD_SECONDS))
        party.hang_up()

    def connected(self) -> tuple[Person, Person]:
        """Somebody outside talks with a desk."""
        desk = self.desk()
        expected = self.expect(desk)
        person = self.ring_in(f"0207947{desk}")
        agent = expected.answers()
        person.talk(self.dice.uniform(0.8, 3.0))
        return person, agent

    def end(self) -> None:
        """Everybody of this call hangs up, and what it took is given back."""
        with contextlib.suppress(AmiError):
            for person in [*self.people, *(one for n in self.numbers for one in self.office.cast.up_at(n))]:
                person.hang_up()
        for give_back in self.given_back:
            give_back()


@dataclass(frozen=True, slots=True)
class Expected:
    """The next one to answer at a number."""

    scene: Scene
    number: str
    beyond: int

    def answers(self, seconds: float = 10.0) -> Person:
        return self.scene.office.cast.answered(self.number, self.beyond, seconds)
