"""Packets on loopback, with the time at which the kernel delivered them; nothing is put in anybody's way.

Takes ports; gives every TCP and UDP packet from or to one of them. A filter in the kernel keeps all others away:
a hundred calls are 20,000 packets a second of audio. Needs CAP_NET_RAW.
"""

import ctypes
import socket
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

ETH_P_IP = 0x0800
PACKET_OUTGOING = 4  # on loopback every packet is seen twice: going out and coming in
SO_ATTACH_FILTER, SO_TIMESTAMPNS = 26, 35  # asm-generic/socket.h
TIMESPEC = struct.Struct("@qq")
BUFFER = 16 << 20
# Classic BPF (linux/filter.h): code, jump if true, jump if false, k.
LOAD_WORD, LOAD_HALF_X, LOAD_X_HEADER, JUMP_EQUAL, RETURN = 0x20, 0x48, 0xB1, 0x15, 0x06
ANCILLARY_PACKET_TYPE = 0xFFFFF000 + 4
TCP = 6
Instruction = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Packet:
    """`at` is UTC epoch seconds; `opens` is a TCP connection's first packet."""

    at: float
    source_port: int
    port: int
    data: bytes
    opens: bool = False


def port_filter(ports: Sequence[int]) -> list[Instruction]:
    """The incoming copy of packets from or to one of these ports, whole."""
    tests = [(LOAD_HALF_X, 0), *((JUMP_EQUAL, port) for port in ports)]
    tests += [(LOAD_HALF_X, 2), *((JUMP_EQUAL, port) for port in ports)]
    program: list[Instruction] = [
        (LOAD_WORD, 0, 0, ANCILLARY_PACKET_TYPE),
        (JUMP_EQUAL, len(tests) + 1, 0, PACKET_OUTGOING),
        (LOAD_X_HEADER, 0, 0, 0),
    ]
    for position, (code, k) in enumerate(tests):
        to_accept = len(tests) - position  # the two returns follow: refuse, accept
        program.append((code, to_accept if code == JUMP_EQUAL else 0, 0, k))
    return [*program, (RETURN, 0, 0, 0), (RETURN, 0, 0, 0xFFFF)]


def dissect(at: float, data: bytes) -> Packet:
    """An IPv4 packet from its first byte."""
    head = (data[0] & 15) * 4
    source, port = struct.unpack_from("!HH", data, head)
    if data[9] != TCP:
        return Packet(at, source, port, data[head + 8 :])
    offset, flags = data[head + 12] >> 4, data[head + 13]
    total = struct.unpack_from("!H", data, 2)[0]
    return Packet(at, source, port, data[head + offset * 4 : total or len(data)], opens=flags & 0x12 == 0x02)


class Wiretap:
    """`with Wiretap(ports) as tap:` then `tap.packets`."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.packets: list[Packet] = []
        self._ports = ports
        self._stopping = False

    def __enter__(self) -> Self:
        try:
            # Of protocol 0, which hears nothing: only bind() opens its ears, behind the filter.
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        except PermissionError as error:
            raise PermissionError("watching loopback needs CAP_NET_RAW; give it to this container") from error
        _attach(self._socket, port_filter(self._ports))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        self._socket.bind(("lo", ETH_P_IP))
        self._socket.settimeout(0.2)
        self._thread = threading.Thread(target=self._listen, name="wiretap", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._stopping = True
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while not self._stopping:
            try:
                data, ancillary, _, _ = self._socket.recvmsg(0x10000, 64)
            except TimeoutError:
                continue
            seconds, nanoseconds = TIMESPEC.unpack(ancillary[0][2][: TIMESPEC.size])
            self.packets.append(dissect(seconds + nanoseconds / 1e9, data))


def _attach(listener: socket.socket, program: Sequence[Instruction]) -> None:
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
    kept = ctypes.create_string_buffer(code)
    listener.setsockopt(
        socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(program), ctypes.addressof(kept))
    )
