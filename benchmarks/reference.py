"""The reference of the service's rates: a Flask route that parses JSON and returns a constant."""

import sys
from typing import Any

from receiver.server.gunicorn import Server, options


class Reference(Server):
    """Serve the reference application as the service is served."""

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
    """Serve with the service's gunicorn settings, without its metrics hook."""
    settings = options("127.0.0.1", port, workers)
    del settings["child_exit"]
    Reference(settings, projector=False).run()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
