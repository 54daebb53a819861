"""What the service is measured against: a Flask route that reads JSON and answers a constant."""

import sys
from typing import Any

from receiver.server.gunicorn import Server, options


class Reference(Server):
    """Serve the route as the service is served, with an application of its own."""

    def load(self) -> Any:
        """Make the application, in a worker and after gevent has patched it."""
        from flask import Flask, jsonify, request

        app = Flask("reference")

        @app.post("/")
        def answer() -> Any:
            request.get_json()
            return jsonify(id=1, status="recorded")

        return app


def main(port: int, workers: int) -> None:
    """Serve with the service's settings of gunicorn, but for its hook that counts metrics."""
    settings = options("127.0.0.1", port, workers)
    del settings["child_exit"]
    Reference(settings, projector=False).run()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
