"""Strangers at the FastAGI port while real calls go through: the daemon lives on, and the calls feel nothing."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from proof import assert_accounted, assert_sound_agrees, settled

from lab.lab import Lab

HALF = b"agi_network: yes\nagi_network_script: card-gate\nagi_request: agi"
UNKNOWN = (
    b"agi_network: yes\nagi_network_script: rm-rf\nagi_request: agi://127.0.0.1/rm-rf\nagi_channel: PJSIP/x-1\n"
    b"agi_uniqueid: 1.1\n\n"
)
NOISE = [b"", b"GET / HTTP/1.0\r\n\r\n", b"\x00\xff" * 500, HALF, UNKNOWN, b"\n\n", b"x" * 200_000]


@contextmanager
def strangers(port: int) -> Iterator[None]:
    """Some knock and go at once, some say something, some say a byte a second: all the time until it ends."""
    ended = threading.Event()
    threads = [threading.Thread(target=_knock, args=(port, ended)), threading.Thread(target=_drip, args=(port, ended))]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def _knock(port: int, ended: threading.Event) -> None:
    turn = 0
    while not ended.wait(0.01):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 2) as stranger:
            stranger.sendall(NOISE[turn % len(NOISE)])
        turn += 1


def _drip(port: int, ended: threading.Event) -> None:
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection(("127.0.0.1", port), 2)) for _ in range(50)]
        while not ended.wait(0.2):
            for one in slow:
                with contextlib.suppress(OSError):
                    one.send(b"a")


def test_calls_go_through_while_strangers_knock(brisk_lab: Lab) -> None:
    lab, since = brisk_lab, time.time()
    with strangers(lab.pbx.agi_port):
        time.sleep(0.5)
        asked = time.monotonic()
        caller = lab.world.ring_in("02079460001")
        agent = lab.world.party_at("202")
        caller.wait_answered()
        assert time.monotonic() - asked < 3
        time.sleep(1.5)
        agent.press("*7")
        lab.world.party_at("700").hang_up()
        lab.world.party_at("202")
        time.sleep(1.5)
        caller.hang_up()
        account = settled(lab, since)
    assert account.caller.outline == ["recorded", "card line", "recorded"]
    assert_accounted(account.caller)
    assert_sound_agrees(account.caller, 440)
    assert lab.daemon.is_running


def test_each_kind_of_stranger_is_logged_once(brisk_lab: Lab) -> None:
    lab = brisk_lab
    lab.configure({"log.level": "info"})
    before = lab.daemon.log.stat().st_size
    with strangers(lab.pbx.agi_port):
        time.sleep(3)
    with lab.daemon.log.open("rb") as log:
        log.seek(before)
        lines = [line for line in log.read().decode().splitlines() if "AGI" in line]
    # One line for each kind of fault, however often it came: some 300 knocks and 50 slow connections.
    assert 1 <= len(lines) <= 10, "\n".join(lines)
