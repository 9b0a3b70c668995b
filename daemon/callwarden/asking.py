"""Asks the running daemon over the control socket: one request, its answer, and the descriptors that come with it.

What is said there, and who may say it, stands in ``control``.
"""

import json
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

from callwarden.control import ControlError, Kind

LONGEST_ANSWER = 64 * 1024 * 1024  # bytes; a dry run may name every recording there is
ASK = 10.0  # seconds to wait for an answer, unless the caller says otherwise


def ask(path: Path, verb: str, *, patience: float = ASK, **arguments: object) -> dict[str, Any]:
    """The daemon's answer. Raises ControlError with a sentence that says what to do."""
    answer, handles = ask_for_file(path, verb, patience=patience, **arguments)
    for handle in handles:
        os.close(handle)
    return answer


def ask_for_file(
    path: Path, verb: str, *, patience: float = ASK, **arguments: object
) -> tuple[dict[str, Any], list[int]]:
    """The daemon's answer, and the descriptors that came with it, the caller's to close. Raises ControlError."""
    handles: list[int] = []
    request = json.dumps({**arguments, "verb": verb}).encode() + b"\n"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(patience)
        _connect(connection, path)
        try:
            with suppress(BrokenPipeError):  # turned away before it asked: the answer says why
                connection.sendall(request)
            line = _line(connection, handles)
        except TimeoutError:
            raise ControlError(
                f"The daemon did not answer within {patience:g} s. See `journalctl -u callwarden`."
            ) from None
        except OSError as error:
            raise ControlError(f"The daemon ended the conversation: {error.strerror}.") from error
    return _answer(line), handles


def _connect(connection: socket.socket, path: Path) -> None:
    try:
        connection.connect(str(path))
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        raise ControlError(
            f"The daemon does not run: nobody answers on {path}. Start it: systemctl start callwarden",
            Kind.NOT_RUNNING,
        ) from None
    except PermissionError:
        raise ControlError(
            f"You may not speak to the daemon on {path}: be root, or a member of its [control] group.",
            Kind.NOT_ALLOWED,
        ) from None
    except OSError as error:
        raise ControlError(f"The daemon cannot be asked on {path}: {error.strerror or error}.") from error


def _line(connection: socket.socket, handles: list[int]) -> bytes:
    received = bytearray()
    while not received.endswith(b"\n"):
        more, came, _, _ = socket.recv_fds(connection, 65536, 1)
        handles += came
        if not more or len(received) > LONGEST_ANSWER:
            break
        received += more
    return bytes(received)


def _answer(line: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict) or not isinstance(answer.get("ok"), bool):
        raise ControlError("The daemon gave no answer that can be read. See `journalctl -u callwarden`.")
    if not answer.pop("ok"):
        kind = answer.get("kind")
        raise ControlError(str(answer.get("error")), Kind(kind) if kind in set(Kind) else Kind.FAILED)
    return answer
