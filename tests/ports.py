"""Ports for servers of the tests."""

import socket


def free_port() -> int:
    """One that nobody has on this machine just now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port
