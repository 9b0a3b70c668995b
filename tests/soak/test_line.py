"""The line that the faults pull at: it passes on, ends in the middle, stalls, refuses, and is whole again."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from soak.line import Line

HELLO = b"Event: One\r\n\r\n"


@contextmanager
def connected() -> Iterator[tuple[Line, socket.socket, socket.socket]]:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        line = Line(listening.getsockname()[1])
        with closing(line), closing(socket.create_connection(("127.0.0.1", line.port), timeout=5)) as near:
            far, _ = listening.accept()
            far.settimeout(5)
            with closing(far):
                yield line, near, far


def test_both_directions_are_passed_on() -> None:
    with connected() as (_, near, far):
        near.sendall(b"ping")
        assert far.recv(100) == b"ping"
        far.sendall(HELLO)
        assert near.recv(100) == HELLO


def test_a_cut_ends_both_ends_and_the_next_connection_is_put_through() -> None:
    with connected() as (line, near, far):
        far.sendall(HELLO)
        assert near.recv(100) == HELLO
        line.cut()
        assert near.recv(100) == b""
        assert far.recv(100) == b""


def test_it_breaks_off_in_the_middle_of_what_is_said() -> None:
    with connected() as (line, near, far):
        line.break_off()
        far.sendall(HELLO)
        assert near.recv(100) == HELLO[: len(HELLO) // 2]
        assert near.recv(100) == b""


def test_what_is_stalled_comes_when_it_is_restored() -> None:
    with connected() as (line, near, far):
        line.stall()
        far.sendall(HELLO)
        near.settimeout(0.2)
        with pytest.raises(TimeoutError):
            near.recv(100)
        line.restore()
        near.settimeout(5)
        assert near.recv(100) == HELLO


def test_a_refused_connection_ends_at_once() -> None:
    with connected() as (line, near, _):
        line.refuse()
        assert near.recv(100) == b""
        with closing(socket.create_connection(("127.0.0.1", line.port), timeout=5)) as other:
            assert other.recv(100) == b""


def test_a_connection_that_is_refused_while_it_is_put_through_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        line = Line(listening.getsockname()[1])
        putting_through = socket.create_connection

        def slowly(address: tuple[str, int]) -> socket.socket:
            far = putting_through(address)
            line.refuse()
            return far

        with closing(line), closing(putting_through(("127.0.0.1", line.port), timeout=5)) as first:
            listening.accept()[0].close()
            assert first.recv(100) == b""
            monkeypatch.setattr(socket, "create_connection", slowly)
            with closing(putting_through(("127.0.0.1", line.port), timeout=5)) as near:
                assert near.recv(100) == b""
