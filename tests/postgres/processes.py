"""What a cluster's processes are, and the port that one listens on."""

import random
import socket
from pathlib import Path


def family(data: Path, cluster_name: str) -> list[int]:
    """Return the ids of the living processes of a cluster: the postmaster and its children."""
    # A child bears its parent's command line until it has set its title. Neither needs a right to
    # read, as the working folder of another account's process would.
    command, title = f"/postgres\0-D\0{data}\0".encode(), f"postgres: {cluster_name}: ".encode()
    return [pid for pid, line in _command_lines() if command in line or line.startswith(title)]


def free_port() -> int:
    """Return a port that nobody listens on, and that no client is given as its own.

    For while a server is down, a client that retries on such a port might come to speak with itself.
    """
    while True:
        port = random.randrange(15000, 32000)
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) != 0:
                return port


def _command_lines() -> list[tuple[int, bytes]]:
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            # Empty for a dead process that nobody has waited for.
            found.append((int(file.parent.name), file.read_bytes()))
        except OSError:
            continue
    return found
