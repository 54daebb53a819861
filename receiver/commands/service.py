"""kitledger serve, project, migrate, welcome."""

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import Any

import click

from receiver.commands.shared import open_services
from receiver.settings import Settings

PORT_SECONDS = 5.0


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port; $PORT or 8000 if not given.")
@click.option(
    "--workers", type=click.IntRange(1, 64), help="Processes; $WEB_CONCURRENCY if not given."
)
@click.option("--no-projector", is_flag=True, help="Leave projecting to `kitledger project`.")
def serve(host: str, port: int | None, workers: int | None, no_projector: bool) -> None:
    """Serve HTTP, and project; stops cleanly on SIGTERM and Ctrl-C."""
    settings = Settings.from_environment()
    port = settings.port if port is None else port
    _wait_for(host, port)
    # In a process of its own: this one forks the workers, so it must not load the database drivers.
    made = subprocess.run(
        [sys.executable, "-m", "receiver", "migrate"], check=False, stdout=subprocess.DEVNULL
    )
    if made.returncode:
        raise SystemExit(made.returncode)
    from receiver.server.gunicorn import serve as serve_http

    serve_http(
        host,
        port,
        workers or settings.workers,
        settings.log_level,
        projector=not no_projector,
    )


@click.command()
@click.option("--parent", type=int, hidden=True, help="End when this process is not the parent.")
def project(parent: int | None) -> None:
    """Project without serving HTTP; a second one waits, and takes over when the first dies."""
    import structlog

    from projections.models import all_projections
    from projections.projector import Projector
    from receiver.server import logs
    from store.checkpoints import run_checkpoints

    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    with open_services() as services:
        logs.configure(services.settings.log_level)
        log = structlog.get_logger()
        _watch(stop, parent)
        files = services.settings.files
        threading.Thread(
            target=run_checkpoints, args=(files, stop, _log_events_to(log)), daemon=True
        ).start()
        projector = Projector(
            services.ledger, services.read_database, all_projections(), _log_events_to(log)
        )
        while not stop.is_set():
            with services.read_database.wait_for_lock("projector", stop) as still_held:
                if not stop.is_set():
                    log.info("projector-starts", pid=os.getpid())
                    projector.run(stop, still_held)
    log.info("projector-stops", pid=os.getpid())


@click.command()
def migrate() -> None:
    """Make or upgrade the tables; `serve` does it by itself."""
    with open_services(migrate=True):
        pass
    click.echo("The tables are up to date.")


@click.command(hidden=True)
def welcome() -> None:
    """On the first start, make a source and a client, and print how to use them."""
    from receiver.welcome import greet

    with open_services() as services:
        click.echo(greet(services))


def _wait_for(host: str, port: int) -> None:
    """Wait until nobody listens on a port: a server that was killed may have workers that still do."""
    deadline = time.monotonic() + PORT_SECONDS
    while True:
        try:
            with socket.create_server((host, port)):
                return
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                raise click.ClickException(f"can't listen on {host}:{port}: {error}") from error
        time.sleep(0.1)


def _log_events_to(log: Any) -> Any:
    def log_event(name: str, fields: dict[str, Any]) -> None:
        log.error(name, **fields)

    return log_event


def _watch(stop: threading.Event, parent: int | None) -> None:
    """Stop when the server that started this process has died without saying so."""

    def watch() -> None:
        while not stop.wait(0.5):
            if os.getppid() != parent:
                stop.set()

    if parent is not None:
        threading.Thread(target=watch, daemon=True).start()
