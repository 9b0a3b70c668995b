"""The laboratory as an office with a hundred desks, each with a telephone of its own.

Callwarden as an admin installs it: the manager user with its event filter, logging at `info`; nothing is announced, so
that calls connect at once. Gives calls that stand until they are hung up, each with a mark at its answer.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import costs
from bench.machine import may_run_ahead
from bench.marks import CALLER_MARK, DESK_MARK, marked
from bench.witness import EVENTS
from lab.ami import Ami
from lab.lab import Lab
from lab.pbx import AMI_SECRET
from lab.roots import REPOSITORY
from lab.world import Party

DESKS = 100
FIRST_DESK = 3000
CALLER_TONE, DESK_TONE = 440, 700
ANSWER_SECONDS = 10.0
OPEN_SECONDS = 20.0  # at most, for what the daemon opens beside the calls once it looks after them
QUIET_SECONDS = 30.0
CARD_EXTENSION = "700"
WITNESS = "witness"
AUDIO_PORTS = 61000  # above those that the kernel gives out by itself
# Asterisk's own logging of each dialplan step would make Callwarden look cheap beside it.
LOGGER = "[logfiles]\nmessages.log => notice,warning,error\n"
SETTINGS: Mapping[str, object] = {
    "log.level": "info",
    "announce.inbound": "off", "announce.outbound": "off", "announce.joining": "off",
    "card.not_recorded_prompt": False, "card.resumed_prompt": False,
}  # fmt: skip
DIALPLAN = """
exten => _3XXX,1,Gosub(callwarden-internal,s,1)
 same => n,Dial(PJSIP/${EXTEN},30,tTgb(callwarden-agent^s^1))
 same => n,Hangup()

[from-trunk](+)
exten => _0207947XXXX,1,Gosub(callwarden-inbound,s,1)
 same => n,Dial(PJSIP/${EXTEN:-4},30,tTgb(callwarden-agent^s^1))
 same => n,Hangup()
"""
WITNESS_USER = f"""
[{WITNESS}]
secret = {WITNESS}
deny = 0.0.0.0/0.0.0.0
permit = 127.0.0.1/255.255.255.255
read = call,system
write = call
writetimeout = 5000
eventfilter = ^Event: ({"|".join(EVENTS)})[[:cntrl:]]
"""


@dataclass(slots=True)
class Call:
    """Somebody outside talks with a desk. `agent` is another party after each return from the card line."""

    desk: str
    caller: Party
    agent: Party


class Office:
    def __init__(self, lab: Lab, witness: Ami) -> None:
        self.lab, self.witness = lab, witness
        self.world, self.pbx = lab.world, lab.pbx
        self.desks = iter(_round_and_round())

    @property
    def pids(self) -> dict[str, int]:
        pids = {"Asterisk": self.pbx.pid, "the world": self.world.pid}
        return {"daemon": self.lab.daemon.pid, **pids} if self.lab.daemon.is_running else pids

    def let_ring(self, seconds: float) -> None:
        """How long each desk rings from now on. 0: it answers the moment it is rung, quicker than any hand."""
        self.world.ami.setvar("after_outside", f"{seconds:g}")

    def set_up(self) -> Call:
        """One more call, connected and talking."""
        desk = next(self.desks)
        caller, mark = self.ring(desk)
        agent = self.answered(desk, mark)
        caller.wait_answered(ANSWER_SECONDS)
        call = Call(desk, caller, agent)
        self.stop_listening(caller, agent)
        return call

    def ring(self, desk: str) -> tuple[Party, int]:
        """Somebody outside rings a desk; gives them and the number of the world's events before."""
        mark = len(self.world.ami.events)
        key = f"bench-{mark}-{desk}"
        self.dial(desk, key)
        event = self.world.wait_step("calling", ANSWER_SECONDS, mark, Key=key)
        return Party(self.world, _number_of(desk), event["Channel"], event["Uniqueid"]), mark

    def dial(self, desk: str, key: str) -> None:
        """Somebody outside begins to ring a desk; nothing is waited for. The world's steps bear the key."""
        number = _number_of(desk)
        values = {
            "VIA": "pbx-trunk", "TO": f"0207947{desk}", "PATIENCE": 60, "CALLER_NUMBER": number, "CALLER_NAME": "",
            "__CALL_KEY": key, "__TONE": marked(CALLER_MARK, CALLER_TONE), "__PARTY": number,
        }  # fmt: skip
        self.world.ami.action(
            "Originate", Channel="Local/go@calling/n", Application="Wait", Data="3600", Async="true", Timeout="60000",
            variables=[f"{name}={value}" for name, value in values.items()],
        )  # fmt: skip

    def answered(self, number: str, since: int) -> Party:
        """Who answered at that number after the world's event number `since`."""
        event = self.world.wait_step("answered", ANSWER_SECONDS, since, Party=number)
        return Party(self.world, number, event["Channel"], event["Uniqueid"])

    def stop_listening(self, *parties: Party) -> None:
        """The world keeps what everybody hears; nobody wants it here, and it costs what recording costs."""
        for party in parties:
            self.world.ami.try_action("StopMixMonitor", Channel=party.channel)

    def hang_up(self, calls: Sequence[Call], per_second: float) -> None:
        for call in calls:
            self.world.ami.try_action("Hangup", Channel=call.caller.channel, Cause="16")
            time.sleep(1 / per_second)
        self.lab.wait_quiet(QUIET_SECONDS)


def _number_of(desk: str) -> str:
    return f"0770090{desk}"


def _round_and_round() -> Iterator[str]:
    while True:
        yield from (str(FIRST_DESK + n) for n in range(DESKS))


@contextlib.contextmanager
def open_office(
    settings: Mapping[str, object] | None = None,
    dialplan: Path | None = None,
    daemon: bool = True,
    before: Callable[[Lab], None] = lambda _: None,
    **other: Any,
) -> Iterator[Office]:
    """Open until the end of the `with`; everything that was started is ended and deleted then. `dialplan`: the
    directory of another callwarden.conf, for an office without the daemon. `before`: done before the daemon starts.
    `other`: the PBX's."""
    other |= {"dialplan": dialplan} if dialplan is not None else {}
    with Lab(daemon=False, settings={**SETTINGS, **(settings or {})}, more_dialplan=DIALPLAN, **other) as lab:
        _furnish(lab)
        _as_debian_runs_it(lab)
        before(lab)
        if daemon:
            lab.daemon.start()
            costs.wait_quiet({"daemon": lab.daemon.pid}, OPEN_SECONDS)
        witness = Ami(lab.pbx.ports.ami, WITNESS, WITNESS).connect()
        try:
            yield Office(lab, witness)
        finally:
            witness.close()
            lab.world.reset()


def _as_debian_runs_it(lab: Lab) -> None:
    """`asterisk -p`: at real-time priority, where this machine allows it."""
    if may_run_ahead():
        lab.pbx.options = ("-p",)
        lab.pbx.restart()


def _furnish(lab: Lab) -> None:
    lab.pbx.write_configuration(manager_users=_as_installed() + WITNESS_USER, **_audio_ports(0))
    lab.world.write_configuration(**_audio_ports(1))
    with (lab.pbx.etc / "pjsip.conf").open("a") as pjsip:
        pjsip.writelines(_desk(str(FIRST_DESK + n), lab.world.ports.sip) for n in range(DESKS))
    for asterisk in (lab.pbx, lab.world):
        asterisk.cli("module reload res_rtp_asterisk.so")
        (asterisk.etc / "logger.conf").write_text(LOGGER)
        asterisk.cli("logger reload")
    lab.pbx.cli("manager reload")
    lab.pbx.cli("module reload res_pjsip.so")
    lab.world.ami.setvar("tone_outside", marked(DESK_MARK, DESK_TONE))
    # The laboratory's own connections otherwise get every event of every class, at Asterisk's expense.
    lab.pbx.ami.action("Events", EventMask="off")
    lab.world.ami.action("Events", EventMask="user,call")


def _audio_ports(number: int) -> dict[str, int]:
    """More than the laboratory's: enough for five hundred calls. One benchmark at a time runs on a machine."""
    first = AUDIO_PORTS + number * 2000
    return {"rtp_first": first, "rtp_last": first + 1999}


def _as_installed() -> str:
    """What `callwarden init` prints for manager.conf."""
    return (REPOSITORY / "config" / "asterisk" / "manager.conf").read_text().replace("CHANGE-ME", AMI_SECRET)


def _desk(number: str, world_sip: int) -> str:
    return f"""
[{number}](phone)
aors = {number}
callerid = "Desk" <{number}>
[{number}](at-desk)
contact = sip:{number}@127.0.0.3:{world_sip}
"""
