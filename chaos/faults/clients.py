"""Clients as there are: too slow, and too many."""

import socket
import threading
import time
from contextlib import ExitStack, suppress

from chaos.fault import Fault
from chaos.stage import Stage

SLOW = 20
SLOW_SECONDS = 6
SILENCE_SECONDS = 3.0
CLIENTS = 200
DELIVERIES_EACH = 3
HEAD = b"POST /webhooks/lab HTTP/1.1\r\nHost: slow\r\nContent-Type: application/json\r\n"
BODY = HEAD + b"Content-Length: 1000\r\n\r\n"


class SlowClients(Fault):
    """Some send a byte a second, of the head or of the body; the others are served meanwhile."""

    name = "slow clients"
    felt = False

    def strike(self, stage: Stage) -> None:
        """Send so slowly, and see whether the others notice."""
        with ExitStack() as stack:
            address = ("127.0.0.1", stage.service.port)
            slow = [stack.enter_context(socket.create_connection(address)) for _ in range(SLOW)]
            for each in slow[::2]:
                each.sendall(BODY)
            stage.struck()
            for at in range(SLOW_SECONDS):
                for each in slow:
                    with suppress(OSError):
                        each.sendall(HEAD[at : at + 1])
                time.sleep(1)
        assert stage.struck_at is not None, "see above"
        silence = stage.account.longest_silence(stage.struck_at, time.monotonic())
        if silence > SILENCE_SECONDS:
            stage.account.fault(f"slow clients kept the others waiting for {silence:.1f} s")


class Crowd(Fault):
    """Two hundred clients come at once, each with some deliveries."""

    name = "200 clients at once"
    felt = False

    def strike(self, stage: Stage) -> None:
        """Let them come, and wait until each is through."""
        never = threading.Event()
        crowd = [stage.sender(never, DELIVERIES_EACH) for _ in range(CLIENTS)]
        stage.struck()
        for client in crowd:
            client.start()
        for client in crowd:
            client.join()
