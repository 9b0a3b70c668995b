"""Ways to the card line while other calls stand, and from the packets how long each gate took.

A transfer: the desk sends REFER, and one channel with a running recorder stands before the card line. A consultation:
the desk holds its caller and calls the card line itself, so three channels have to be silent, one of them with a
recorder that is only just starting.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.office import CARD_EXTENSION, Call, Office
from bench.wiretap import Packet

REQUEST = b"/card-gate"
CLEAR = b'"CALLWARDEN_GATE" "clear"'
REFUSED = b'"CALLWARDEN_GATE" "refused"'
STOP = b"Action: StopMixMonitor"
PROOF = (b"Could not stop monitoring channel", b"No such channel")
INVITE = f"INVITE sip:{CARD_EXTENSION}@".encode()


@dataclass(frozen=True, slots=True)
class Ports:
    agi: int
    ami: int
    world_sip: int

    @classmethod
    def of(cls, office: Office) -> "Ports":
        return cls(office.pbx.agi_port, office.pbx.ports.ami, office.world.ports.sip)

    @property
    def all(self) -> tuple[int, ...]:
        return (self.agi, self.ami, self.world_sip)


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate's times, UTC epoch seconds: AGI() connects, the request arrives, the first stop is sent to Asterisk, the
    last channel's proof arrives, "clear" is written, the card phone's INVITE."""

    called: float
    asked: float
    first_stop: float
    last_proof: float
    clear: float
    invited: float

    @property
    def daemon_and_stops(self) -> float:
        return self.clear - self.asked

    @property
    def outside(self) -> float:
        return self.invited - self.called


def transfer(office: Office, call: Call) -> None:
    """The desk refers the caller to the card line; the card is paid and the caller comes back to the desk."""
    referrer = call.agent
    mark = call.agent.begin_refer(f"sip:{CARD_EXTENSION}@127.0.0.1:{office.pbx.ports.sip}")
    card = office.answered(CARD_EXTENSION, mark)
    office.stop_listening(card)
    mark = len(office.world.ami.events)
    office.world.ami.try_action("Hangup", Channel=card.channel, Cause="16")
    call.agent = office.answered(call.desk, mark)
    office.stop_listening(call.agent)
    # A telephone does so by itself. Asterisk waits a minute for it, and keeps the ports.
    office.world.ami.try_action("Hangup", Channel=referrer.channel, Cause="16")


def consult(office: Office, call: Call) -> None:
    """The desk calls the card line from the telephone that has a caller on the line, and hangs up."""
    mark = len(office.world.ami.events)
    second = office.world.call(call.desk, CARD_EXTENSION)
    card = office.answered(CARD_EXTENSION, mark)
    second.hang_up()
    card.wait_hangup()


def gates(packets: Iterable[Packet], ports: Ports) -> list[Gate]:
    """Every gate that cleared, from first to last; they must not have overlapped."""
    found: list[Gate] = []
    for span in _spans(sorted(packets, key=lambda packet: packet.at), ports):
        gate = _gate(span, ports)
        if gate is not None:
            found.append(gate)
    return found


def refused(packets: Iterable[Packet]) -> int:
    return sum(REFUSED in packet.data for packet in packets)


def _spans(packets: Sequence[Packet], ports: Ports) -> Iterable[Sequence[Packet]]:
    """From the connection that asks a gate to the INVITE that follows it."""
    connections: dict[int, int] = {}
    start: int | None = None
    for n, packet in enumerate(packets):
        if packet.opens and packet.port == ports.agi:
            connections[packet.source_port] = n
        elif packet.port == ports.agi and REQUEST in packet.data:
            start = connections.get(packet.source_port)
        elif start is not None and packet.port == ports.world_sip and packet.data.startswith(INVITE):
            yield packets[start : n + 1]
            start = None


def _gate(span: Sequence[Packet], ports: Ports) -> Gate | None:
    ours = span[0].source_port
    asked = [p.at for p in span if p.port == ports.agi and p.source_port == ours and p.data]
    clear = [p.at for p in span if p.port == ours and CLEAR in p.data]
    stops = [p.at for p in span if p.port == ports.ami and STOP in p.data and p.at >= asked[0]]
    proofs = [p.at for p in span if p.source_port == ports.ami and any(proof in p.data for proof in PROOF)]
    if not (asked and clear and stops and proofs):
        return None
    last_proof = max(at for at in proofs if at <= clear[0])
    return Gate(span[0].at, asked[0], stops[0], last_proof, clear[0], span[-1].at)
