"""A call whose From header is exactly as written: what no well-behaved SIP client would send.

Speaks just enough SIP over UDP from the trunk's address: INVITE, ACK, BYE. It sends no sound.
"""

import re
import socket
import time
from typing import Self

TRUNK = "127.0.0.2"


class RawCall:
    """``user`` stands in the From URI as it is (write line breaks as ``%0d%0a``)."""

    def __init__(self, pbx_sip: int, did: str, user: str) -> None:
        self._pbx = ("127.0.0.1", pbx_sip)
        self._did, self._user = did, user
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((TRUNK, 0))
        self._socket.settimeout(10)
        self._call_id = f"raw-{time.monotonic_ns()}"
        self._to_tag = ""

    def __enter__(self) -> Self:
        self._send("INVITE", 1)
        while not (answer := self._socket.recv(65536).decode(errors="replace")).startswith("SIP/2.0 200"):
            if re.match(r"SIP/2\.0 [3-6]", answer):
                raise ConnectionError(answer.splitlines()[0])
        found = re.search(r"^To:.*;tag=(\S+)", answer, re.MULTILINE | re.IGNORECASE)
        self._to_tag = f";tag={found[1]}" if found else ""
        self._send("ACK", 1)
        return self

    def __exit__(self, *failure: object) -> None:
        self._send("BYE", 2)
        self._socket.close()

    def _send(self, method: str, number: int) -> None:
        port = self._socket.getsockname()[1]
        body = (
            f"v=0\r\no=- 1 1 IN IP4 {TRUNK}\r\ns=-\r\nc=IN IP4 {TRUNK}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"
            if method == "INVITE"
            else ""
        )
        head = [
            f"{method} sip:{self._did}@127.0.0.1:{self._pbx[1]} SIP/2.0",
            f"Via: SIP/2.0/UDP {TRUNK}:{port};branch=z9hG4bK-{self._call_id}-{number}-{method}",
            f"From: <sip:{self._user}@{TRUNK}>;tag=raw",
            f"To: <sip:{self._did}@127.0.0.1>{self._to_tag}",
            f"Call-ID: {self._call_id}",
            f"CSeq: {number} {method}",
            f"Contact: <sip:raw@{TRUNK}:{port}>",
            "Max-Forwards: 70",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        self._socket.sendto(("\r\n".join(head) + "\r\n\r\n" + body).encode(), self._pbx)
