"""What people do in each kind of call. A scene ends early, by `Gone`, wherever a fault took somebody away: what counts
is what Asterisk saw and what Callwarden kept, not that the scene went to its end.
"""

from collections.abc import Callable

from lab.ami import AmiError
from soak.cast import Gone, Person
from soak.office import card_party
from soak.scene import CARD_SECONDS, Scene
from soak.tones_of import FIRST_DESK, outside

TO_ITS_END = "to its end"


def inbound(scene: Scene) -> None:
    person, agent = scene.connected()
    scene.talk(person)
    scene.one_hangs_up(person, agent)


def ring_group(scene: Scene) -> None:
    first, second = _pair(scene)
    person = scene.ring_in(f"0207948{first}")
    _either(scene, person, first, second)


def waiting_queue(scene: Scene) -> None:
    first, second = _pair(scene)
    person = scene.ring_in(f"0207946060{(int(first) - FIRST_DESK) // 2}")
    _either(scene, person, first, second)


def _pair(scene: Scene) -> tuple[str, str]:
    number = scene.take(scene.office.pairs)
    pair = (str(FIRST_DESK + 2 * number), str(FIRST_DESK + 2 * number + 1))
    for desk in pair:
        scene.behave(desk, after=scene.dice.uniform(0.2, 3.0))
    return pair


def _either(scene: Scene, person: Person, *desks: str) -> None:
    person.wait_answered()
    person.talk(5.0)
    scene.talk(person)
    scene.one_hangs_up(person, *(one for desk in desks for one in scene.office.cast.up_at(desk)))


def outbound(scene: Scene) -> None:
    number = outside(scene.number)
    scene.behave(number)
    expected = scene.expect(number)
    agent = scene.dial(scene.desk(), number)
    person = expected.answers()
    scene.talk(agent)
    scene.one_hangs_up(person, agent)


def internal(scene: Scene) -> None:
    desk = scene.desk()
    expected = scene.expect(desk)
    one = scene.dial(scene.desk(), desk)
    other = expected.answers()
    scene.talk(one)
    scene.one_hangs_up(one, other)


def blind_transfer(scene: Scene) -> None:
    person, agent = scene.connected()
    colleague = scene.desk()
    expected = scene.expect(colleague)
    agent.press("#1")
    scene.office.cast.sleep(0.3)
    agent.press(colleague)
    expected.answers()
    scene.talk(person)
    person.hang_up()


def attended_transfer(scene: Scene) -> None:
    person, agent = scene.connected()
    colleague = scene.desk()
    expected = scene.expect(colleague)
    agent.press("*2")
    scene.office.cast.sleep(0.3)
    agent.press(colleague)
    other = expected.answers()
    other.talk(scene.dice.uniform(0.5, 3.0))
    scene.one_hangs_up(agent, agent, agent, other)  # most complete it, some are left by the colleague
    scene.talk(person)
    person.hang_up()


def divert(scene: Scene) -> None:
    person, agent = scene.connected()
    card = scene.take(scene.office.divert)
    scene.numbers.append(card)
    expected = scene.expect(card)
    agent.press("*7")
    scene.pay(expected)
    scene.talk(person)
    person.hang_up()


def refer_to_card_line(scene: Scene) -> None:
    person, agent = scene.connected()
    card = scene.card()
    expected = scene.expect(card_party(card))
    agent.refer(card, scene.office.lab.pbx.ports.sip)
    scene.pay(expected)
    scene.talk(person)
    person.hang_up()


def attended_to_card_line(scene: Scene) -> None:
    person, agent = scene.connected()
    card = scene.card()
    expected = scene.expect(card_party(card))
    agent.press("*2")
    scene.office.cast.sleep(0.3)
    agent.press(card)
    party = expected.answers()
    party.talk(scene.dice.uniform(0.5, 2.0))
    agent.hang_up()
    party.talk(scene.dice.uniform(*CARD_SECONDS))
    scene.one_hangs_up(person, party)


def straight_to_card_line(scene: Scene) -> None:
    card = scene.card()
    expected = scene.expect(card_party(card))
    if card != "701" and scene.dice.random() < 0.5:
        person = scene.ring_in(f"02079460{card}")
    else:
        person = scene.dial(scene.desk(), card)
    scene.pay(expected)
    person.talk(1.0)
    person.hang_up()


def abandoned(scene: Scene) -> None:
    """By the caller, at any moment: in the announcement, while it rings, with the agent, at the gate."""
    desk, card = scene.desk(after=scene.dice.uniform(0, 3)), scene.card()
    to_card = card != "701" and scene.dice.random() < 0.5
    person = scene.ring_in(f"02079460{card}" if to_card else f"0207947{desk}")
    person.talk(scene.dice.uniform(0, 4))
    person.hang_up()


def unanswered(scene: Scene) -> None:
    desk = scene.desk("never")
    person = scene.ring_in(f"0207947{desk}") if scene.dice.random() < 0.5 else scene.dial(scene.desk(), desk)
    person.talk(scene.dice.uniform(1.5, 6))
    person.hang_up()


def busy(scene: Scene) -> None:
    desk = scene.desk(scene.dice.choice(("busy", "decline", "unavailable")))
    person = scene.ring_in(f"0207947{desk}") if scene.dice.random() < 0.5 else scene.dial(scene.desk(), desk)
    person.talk(scene.dice.uniform(2, 4))
    person.hang_up()


KINDS: dict[str, tuple[Callable[[Scene], None], int]] = {
    "inbound": (inbound, 16),
    "ring group": (ring_group, 8),
    "queue": (waiting_queue, 8),
    "outbound": (outbound, 12),
    "internal": (internal, 8),
    "blind transfer": (blind_transfer, 8),
    "attended transfer": (attended_transfer, 8),
    "*7 to the card line": (divert, 7),
    "REFER to the card line": (refer_to_card_line, 7),
    "*2 to the card line": (attended_to_card_line, 5),
    "straight to the card line": (straight_to_card_line, 5),
    "abandoned": (abandoned, 5),
    "unanswered": (unanswered, 3),
    "busy": (busy, 3),
}


def play(scene: Scene, kind: str) -> str:
    """Play it to its end or to where a fault ends it; gives how it ended."""
    try:
        KINDS[kind][0](scene)
    except (Gone, AmiError) as error:
        return str(error)
    else:
        return TO_ITS_END
    finally:
        scene.end()
