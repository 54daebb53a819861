"""Listening sockets of a worker that stops: every connection that was made is served."""

from typing import Any

from gevent.server import StreamServer


class ListenerName:
    """The address of a listener; a closed one can't tell it to the connections that it accepted."""

    def __init__(self, listener: Any) -> None:
        self._name = listener.getsockname()

    def getsockname(self) -> Any:
        """Return the address."""
        return self._name


def close(server: StreamServer) -> None:
    """Accept the connections that have been made, which would be reset otherwise; then no more."""
    while not server.full() and (accepted := server.do_read()):
        server.do_handle(*accepted)
    server.close()
