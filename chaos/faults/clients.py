"""Clients that send slowly, and many clients at once."""

import threading
import time
from contextlib import ExitStack, suppress

from chaos.fault import Fault
from chaos.testbed import Testbed
from tests.harness.raw import connections

SLOW_CLIENTS = 20
SILENT_CLIENTS = 80
SLOW_SECONDS = 6
MAX_GAP_SECONDS = 3.0
CLIENTS = 200
DELIVERIES_PER_CLIENT = 3
PARTIAL_HEAD = b"POST /webhooks/lab HTTP/1.1\r\nHost: slow\r\nContent-Type: application/json\r\n"
LARGEST_HEAD = PARTIAL_HEAD + b"Content-Length: 1048576\r\n\r\n"
COMPLETE_HEAD = PARTIAL_HEAD + b"Content-Length: 1000\r\n\r\n"


class SlowClients(Fault):
    """Some clients send a byte a second, of the head or of the body; others are still served."""

    name = "slow clients"
    affects_requests = False

    def inject(self, testbed: Testbed) -> None:
        """Send slowly, and check that acknowledgements continue."""
        with ExitStack() as stack:
            slow = connections(stack, testbed.service.port, SLOW_CLIENTS)
            for connection in slow[::2]:
                connection.sendall(COMPLETE_HEAD)
            testbed.mark_fault_started()
            for at in range(SLOW_SECONDS):
                for connection in slow:
                    with suppress(OSError):
                        connection.sendall(PARTIAL_HEAD[at : at + 1])
                time.sleep(1)
        gap = testbed.log.longest_gap(testbed.fault_started_at, time.monotonic())
        if gap > MAX_GAP_SECONDS:
            testbed.log.add_violation(f"slow clients delayed the others by {gap:.1f} s")


class SilentClients(Fault):
    """Many clients send only a head that promises the largest body; others are still served."""

    name = "silent clients"
    affects_requests = False

    def inject(self, testbed: Testbed) -> None:
        """Hold the connections open, and check that nobody is refused meanwhile."""
        with ExitStack() as stack:
            silent = connections(stack, testbed.service.port, SILENT_CLIENTS)
            refused_before = testbed.log.refused_requests
            testbed.mark_fault_started()
            for connection in silent:
                connection.sendall(LARGEST_HEAD)
            time.sleep(SLOW_SECONDS)
            if refused := testbed.log.refused_requests - refused_before:
                testbed.log.add_violation(f"silent clients made {refused} requests of others fail")


class ManyClients(Fault):
    """Two hundred clients connect at once and send some deliveries each."""

    name = "200 clients at once"
    affects_requests = False

    def inject(self, testbed: Testbed) -> None:
        """Start the clients, and wait until each is done."""
        never = threading.Event()
        clients = [testbed.new_sender(never, DELIVERIES_PER_CLIENT) for _ in range(CLIENTS)]
        testbed.mark_fault_started()
        for client in clients:
            client.start()
        for client in clients:
            client.join()
