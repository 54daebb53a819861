"""Ports for servers under test, and the processes of a group."""

import random
import socket
from pathlib import Path


def free_port() -> int:
    """Return a port that nobody listens on, and that no client is given as its own.

    For while a server is down, a client that retries on such a port might come to speak with itself.
    """
    while True:
        port = random.randrange(15000, 32000)
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) != 0:
                return port


def group_of(leader: int) -> list[int]:
    """Return the ids of the living processes of a group."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, group = status.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(group) == leader and state != "Z":
            found.append(int(status.parent.name))
    return sorted(found)
