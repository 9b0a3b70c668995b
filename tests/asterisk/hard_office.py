"""An office with desks, card phones, conferences and queues enough for many calls side by side.

Each way through it (:class:`Way`) has numbers of its own: desks, a card phone, a caller, an outside person.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from proof import BRISK, Account, Leg

from lab.lab import Lab, card_lines
from lab.world import CARD_TONE, Party

WAYS, DESKS = 20, 4
TALK = 1.2
CALLER, OUTSIDE = 440, 1000
DESK_TONES = (600, 700, 800, 900)
DIALPLAN = """
exten => _3XXX,1,Gosub(callwarden-internal,s,1)
 same => n,Dial(PJSIP/${EXTEN},30,tTgb(callwarden-agent^s^1))
 same => n,Hangup()
exten => _79XX,1,Gosub(callwarden-card-line,s,1(PJSIP/${EXTEN}))
 same => n,Hangup()
; picks up a desk that rings
exten => _83XXX,1,Gosub(callwarden-internal,s,1)
 same => n,PickupChan(PJSIP/${EXTEN:1},p)
 same => n,Hangup()
; rings for two seconds, and then whoever transferred the call here
exten => _43XXX,1,Dial(PJSIP/${EXTEN:1},2,tTgb(callwarden-agent^s^1))
 same => n,Dial(${BLINDTRANSFER:0:-9},30,tTgb(callwarden-agent^s^1))
 same => n,Hangup()
; a conference
exten => _65XX,1,Answer()
 same => n,ConfBridge(${EXTEN})
 same => n,Hangup()

[from-trunk](+)
exten => _0207947XXXX,1,Gosub(callwarden-inbound,s,1)
 same => n,Dial(PJSIP/${EXTEN:-4},30,tTgb(callwarden-agent^s^1))
 same => n,Hangup()
; a ring group: this desk and the next
exten => _0207948XXXX,1,Gosub(callwarden-inbound,s,1)
 same => n,Dial(PJSIP/${EXTEN:-4}&PJSIP/$[${EXTEN:-4} + 1],30,tTgb(callwarden-agent^s^1))
 same => n,Hangup()
exten => _020794900XX,1,Gosub(callwarden-inbound,s,1)
 same => n,Queue(way${EXTEN:-2},tT,,,30)
 same => n,Hangup()
; always forwarded to an outside number
exten => _020794901XX,1,Gosub(callwarden-inbound,s,1)
 same => n,Goto(from-internal,016329600${EXTEN:-2},1)
exten => _020794902XX,1,Gosub(callwarden-inbound,s,1)
 same => n,Goto(from-internal,65${EXTEN:-2},1)
"""
CONFERENCES = """
[general]
[default_bridge]
type = bridge
[default_user]
type = user
quiet = yes
"""


@dataclass(frozen=True)
class Way:
    """The numbers that one call uses, and nobody else."""

    lab: Lab
    number: int

    @property
    def card(self) -> str:
        return f"79{self.number:02}"

    @property
    def caller(self) -> str:
        return f"0770090{self.number:04}"

    @property
    def outside(self) -> str:
        return f"016329600{self.number:02}"

    @property
    def conference(self) -> str:
        return f"65{self.number:02}"

    def desk(self, place: int = 0) -> str:
        return f"3{self.number:02}{place}"

    def did(self, to: str) -> str:
        """``desk``, ``group``, ``queue``, ``forwarded`` or ``conference``."""
        longer = {"desk": f"7{self.desk()}", "group": f"8{self.desk()}"}
        shorter = {"queue": "900", "forwarded": "901", "conference": "902"}
        return f"020794{longer[to]}" if to in longer else f"020794{shorter[to]}{self.number:02}"

    def rings_in(self, to: str = "desk", caller: str = "", tone: int = CALLER) -> Party:
        return self.lab.world.ring_in(self.did(to), caller=caller or self.caller, tone=tone)

    def at_desk(self, place: int = 0) -> Party:
        return self.lab.world.party_at(self.desk(place))

    def pays_and_comes_back(self, caller: Party, agent: Party, place: int = 0) -> None:
        """The desk refers the caller to the card line; they pay, talk to the desk at that place again and hang up."""
        agent.refer(self.card)
        self.pays().hang_up()
        self.at_desk(place)
        time.sleep(TALK)
        caller.hang_up()

    def reception(self) -> tuple[Party, Party]:
        """A caller and the first desk talk."""
        caller = self.rings_in().wait_answered()
        agent = self.at_desk()
        time.sleep(TALK)
        return caller, agent

    def pays(self) -> Party:
        """The card phone has been talked with."""
        card = self.lab.world.party_at(self.card)
        time.sleep(TALK)
        return card

    def phone(self, place: int = 0) -> str:
        return f"PJSIP/{self.desk(place)}"


@dataclass(frozen=True)
class Mine:
    """What the catalogue has of one way."""

    way: Way
    account: Account

    @property
    def caller(self) -> Leg:
        return self.calling(self.way.caller)

    def calling(self, number: str) -> Leg:
        """The channel of the call from this number."""
        [linked_id] = [s.call.call.linked_id for s in self.account.stories if s.call.call.caller_number == number]
        return next(leg for leg in self.account.legs if leg.channel.unique_id == linked_id)

    def desk(self, place: int = 0) -> list[Leg]:
        """Its answered channels, in their order."""
        legs = [leg for leg in self.account.all_of(self.way.phone(place)) if leg.channel.answered is not None]
        return sorted(legs, key=lambda leg: leg.channel.started)


@contextmanager
def hard_office(version: str, folder: Path) -> Iterator[Lab]:
    """The office, open."""
    cards = [
        {"name": f"card {n}", "extension": f"79{n:02}", "endpoint": f"PJSIP/79{n:02}", "context": "from-internal"}
        for n in range(WAYS)
    ]
    settings = BRISK | {"card.line": [*card_lines(), *cards]}
    with Lab(version, settings=settings, folder=folder, more_dialplan=DIALPLAN) as lab:
        _furnish(lab)
        yield lab


def _furnish(lab: Lab) -> None:
    pbx, world = lab.pbx, lab.world
    desks = {f"3{n:02}{place}": DESK_TONES[place] for n in range(WAYS) for place in range(DESKS)}
    phones = desks | {f"79{n:02}": CARD_TONE for n in range(WAYS)}
    with (pbx.etc / "pjsip.conf").open("a") as pjsip:
        for number in phones:
            contact = f"sip:{number}@127.0.0.3:{world.ports.sip}"
            pjsip.write(f"\n[{number}](phone)\naors = {number}\ncallerid = Desk <{number}>\n")
            pjsip.write(f"[{number}](at-desk)\ncontact = {contact}\n")
    with (pbx.etc / "queues.conf").open("a") as queues:
        for n in range(WAYS):
            queues.write(f"\n[way{n:02}]\nstrategy = ringall\nmember => PJSIP/3{n:02}0\nmember => PJSIP/3{n:02}1\n")
    (pbx.etc / "confbridge.conf").write_text(CONFERENCES)
    for command in ("module reload res_pjsip.so", "module reload app_queue.so"):
        pbx.cli(command)
    pbx.ami.action("ModuleLoad", Module="app_confbridge.so", LoadType="load")
    for number, tone in phones.items():
        world.phone(number).answers(tone=tone)
