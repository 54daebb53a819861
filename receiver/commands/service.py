"""kitledger serve, migrate, welcome."""

import errno
import os
import socket
import subprocess
import sys
import time

import click

from receiver.commands.shared import open_services, operator_cause
from receiver.processors import MOST_WORKERS

PORT_SECONDS = 5.0


@click.command()
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="A name, an IPv4 or an IPv6 address to listen on.",
)
@click.option("--port", type=click.IntRange(0, 65535), help="The port; $PORT or 8000 if not given.")
@click.option(
    "--workers",
    type=click.IntRange(1, MOST_WORKERS),
    help="Processes; $WEB_CONCURRENCY if not given.",
)
@click.option("--no-projector", is_flag=True, help="Leave projecting to `kitledger project`.")
def serve(host: str, port: int | None, workers: int | None, no_projector: bool) -> None:
    """Serve HTTP, and project; stops cleanly on SIGTERM and Ctrl-C."""
    from receiver.settings import OPENED_LEDGER, Settings
    from store.file_identity import identity

    settings = Settings.from_environment()
    port = settings.port if port is None else port
    host = _listen_once(host, port)
    # In another process: this one forks the workers, so it must not load the database drivers.
    made = subprocess.run(
        [sys.executable, "-m", "receiver", "migrate"], check=False, stdout=subprocess.DEVNULL
    )
    if made.returncode:
        raise SystemExit(made.returncode)
    if settings.ledger_file is not None:
        os.environ[OPENED_LEDGER] = identity(settings.ledger_file)
    from receiver.server.gunicorn import serve as serve_http

    serve_http(
        host,
        port,
        workers or settings.workers,
        settings.log_level,
        keepalive=settings.keepalive_seconds,
        projector=not no_projector,
    )


@click.command()
def migrate() -> None:
    """Create or upgrade the tables; `serve` does it too."""
    with open_services(create=True):
        pass
    click.echo("The tables are up to date.")


@click.command(hidden=True)
def welcome() -> None:
    """Create a source and a client on the first start, and print how to use them."""
    from receiver.welcome import greet

    with open_services(create=True) as services:
        click.echo(greet(services, operator_cause("the first start")))


def _listen_once(host: str, port: int) -> str:
    """Wait until a port is free, and return the address of its host.

    The workers of a killed server may still listen on it.
    """
    from receiver.server.gunicorn import netloc

    host = host.removeprefix("[").removesuffix("]")
    deadline = time.monotonic() + PORT_SECONDS
    while True:
        try:
            family, address = _resolve(host, port)
            both = family == socket.AF_INET6 and socket.has_dualstack_ipv6()
            with socket.create_server((address, port), family=family, dualstack_ipv6=both):
                return address
        except (OSError, UnicodeError) as error:
            taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
            if not taken or time.monotonic() > deadline:
                where = netloc(host, port)
                raise click.ClickException(f"can't listen on {where}: {error}") from error
        time.sleep(0.1)


def _resolve(host: str, port: int) -> tuple[int, str]:
    """Return the family and the address of a host; IPv4 if it has both."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    family, _, _, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
    return family, str(address[0])
