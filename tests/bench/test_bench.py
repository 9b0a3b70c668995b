"""What the benchmark measures with: percentiles, marks, packets, events. The measuring itself is no test."""

import os
import socket
import subprocess
import sys
import time
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.catalogue import tally
from bench.costs import Watch
from bench.figures import percentile, spread
from bench.gates import Ports, gates, refused
from bench.load import Level, tried
from bench.marks import CALLER_MARK, DESK_MARK, MARK_SECONDS, marked, missing, packets
from bench.wiretap import Packet, Wiretap
from bench.witness import before_answer, channels, until_recorded
from lab.tones import RATE

AGI, AMI, SIP = 4573, 5038, 5060
PORTS = Ports(AGI, AMI, SIP)


def tone(frequency: float, seconds: float) -> NDArray[np.float64]:
    return 0.2 * np.sin(2 * np.pi * frequency * np.arange(int(seconds * RATE)) / RATE)


def talk(lost: float = 0.0) -> NDArray[np.float64]:
    """Two parties, each with its mark first; of the caller's that much is lost."""
    caller = np.concatenate((tone(CALLER_MARK, MARK_SECONDS)[int(lost * RATE) :], tone(440, 1)))[:8000]
    desk = np.concatenate((np.zeros(320), tone(DESK_MARK, MARK_SECONDS), tone(700, 1)))[:8000]
    mixed: NDArray[np.float64] = caller + desk
    return mixed


def test_a_percentile_is_a_real_sample() -> None:
    samples = [n / 1000 for n in range(1, 101)]
    assert percentile(samples, 0.5) == 0.05
    assert percentile(samples, 0.99) == 0.099
    assert spread([0.001, 0.003]) == {"count": 2, "least": 1.0, "p50": 1.0, "p99": 3.0, "most": 3.0}


@pytest.mark.parametrize(("held", "tries"), [([True], 1), ([False, True], 2), ([False, False], 2)])
def test_a_level_that_is_not_held_is_tried_once_more(held: list[bool], tries: int) -> None:
    left = iter(held)
    levels = tried(lambda: cast("Level", {"held": next(left)}))
    assert [level["held"] for level in levels] == held
    assert len(levels) == tries


def test_nothing_is_missing_of_a_whole_mark() -> None:
    assert missing(talk(), CALLER_MARK) == pytest.approx(0, abs=0.0005)
    assert missing(talk(), DESK_MARK) == pytest.approx(0, abs=0.0005)


@pytest.mark.parametrize("lost", [0.02, 0.04, 0.1])
def test_each_lost_packet_of_a_mark_is_counted(lost: float) -> None:
    found = missing(talk(lost), CALLER_MARK)
    assert found == pytest.approx(lost, abs=0.0005)
    assert packets(found) == round(lost / 0.02)


def test_a_recording_without_the_mark_lacks_all_of_it() -> None:
    assert missing(tone(440, 1), CALLER_MARK) == MARK_SECONDS
    assert missing(np.zeros(0), CALLER_MARK) == MARK_SECONDS


def test_the_mark_is_played_once_and_the_tone_for_ever() -> None:
    assert marked(2600, 440) == "!2600/200|440"


def test_a_packet_that_one_recording_lacks_may_be_in_the_other() -> None:
    found = tally(4, [[0.02, 0.0], [0.041, 0.04]])
    assert (found["packets"], found["in_all"], found["most"]) == (5, 2, 41.0)


def test_the_wiretap_sees_its_ports_and_no_others() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wanted,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other,
    ):
        wanted.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        before = time.time()
        with Wiretap([wanted.getsockname()[1]]) as tap:
            for receiver, data in ((other, b"not this"), (wanted, b"this"), (wanted, b"and this")):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                    sender.sendto(data, receiver.getsockname())
            deadline = time.monotonic() + 5
            while len(tap.packets) < 2 and time.monotonic() < deadline:
                time.sleep(0.01)
        assert [packet.data for packet in tap.packets] == [b"this", b"and this"]
        assert before < tap.packets[0].at <= tap.packets[1].at < time.time()


def one_gate(asks: int, start: float, answer: bytes) -> list[Packet]:
    """A gate as loopback shows it; `asks` is the port that AGI() connects from."""
    return [
        Packet(start, asks, AGI, b"", opens=True),
        Packet(start + 0.001, asks, AGI, b"agi_network: yes\n"),
        Packet(start + 0.002, asks, AGI, b"agi_request: agi://127.0.0.1:4573/card-gate\n"),
        Packet(start + 0.003, 999, AMI, b"Action: StopMixMonitor\r\n"),
        Packet(start + 0.004, AMI, 999, b"Response: Success\r\n"),
        Packet(start + 0.005, AMI, 999, b"Response: Error\r\nMessage: Could not stop monitoring channel\r\n"),
        Packet(start + 0.006, AGI, asks, b'SET VARIABLE "CALLWARDEN_GATE" "' + answer + b'"\n'),
    ]


def test_a_gate_is_timed_from_its_request_to_clear_and_to_the_invite() -> None:
    other = [Packet(9.9995, 40001, AGI, b"", opens=True), Packet(10.0001, 40001, AGI, b"agi_request: x/inbound\n")]
    invite = Packet(10.008, 5070, SIP, b"INVITE sip:700@127.0.0.3:5060 SIP/2.0\r\n")
    (gate,) = gates([*other, *one_gate(40000, 10.0, b"clear"), invite], PORTS)
    assert gate.clear - gate.asked == pytest.approx(0.005)
    assert gate.first_stop - gate.asked == pytest.approx(0.002)
    assert gate.last_proof == 10.005
    assert gate.invited - gate.called == pytest.approx(0.008)


def test_a_refused_gate_is_counted_and_not_timed() -> None:
    packets_seen = one_gate(40000, 10.0, b"refused")
    assert gates(packets_seen, PORTS) == []
    assert refused(packets_seen) == 1


def event(name: str, at: float, **headers: str) -> dict[str, str]:
    return {"Event": name, "Timestamp": str(at), "Uniqueid": "a.1", "Channel": "PJSIP/trunk-1", **headers}


def test_the_witness_tells_when_a_channel_came_was_recorded_and_answered() -> None:
    seen = channels(
        [
            event("FullyBooted", 0.0), event("Newchannel", 1.0, Uniqueid="before", ChannelState="4"),
            event("Newchannel", 10.0, ChannelState="4"), event("MixMonitorStart", 10.25),
            event("Newstate", 10.5, ChannelState="5"), event("Newstate", 11.0, ChannelState="6"),
            event("MixMonitorStart", 20.0),
        ],
        since=5,
    ).values()  # fmt: skip
    assert (until_recorded(seen), before_answer(seen)) == ([0.25], [0.75])


def test_what_the_benchmark_started_is_not_told_as_other_programs() -> None:
    watch, began = Watch({}), time.monotonic()
    subprocess.run([sys.executable, "-c", "import time\nwhile time.process_time() < 0.5: pass"], check=True)
    cores = os.cpu_count() or 1
    assert watch.surroundings()["ours"] / 100 * cores * (time.monotonic() - began) >= 0.45
