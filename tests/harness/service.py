"""The real service as a process group of its own, and what tests say to it."""

import base64
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import httpx
from click.testing import CliRunner, Result
from standardwebhooks import Webhook
from standardwebhooks.webhooks import hmac_data

from receiver.commands.cli import kitledger
from tests.harness.leash import Leash
from tests.harness.plain import Plain
from tests.harness.processes import free_port, group_of
from tests.harness.waiting import PATIENCE_SECONDS, eventually

# By default each client of httpx reads all certificate authorities, which takes longer than a test.
NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
COMMAND = (sys.executable, "-m", "receiver")
VARIABLES = {
    "DATABASE_URL",
    "VIEWS_DATABASE_URL",
    "DATABASE_POOL_SIZE",
    "VIEWS_POOL_SIZE",
    "PORT",
    "WEB_CONCURRENCY",
    "MAX_BODY_BYTES",
    "KEEPALIVE_SECONDS",
    "FORWARDED_PREFIX",
    "REQUIRE_REASON",
    "CHECKPOINT_KEY_FILE",
    "CHECKPOINT_SECONDS",
    "WITNESS_URLS",
    "TIMESTAMP_URL",
    "LOG_LEVEL",
}
Credentials = tuple[str, str]


class Service:
    """Run `kitledger` in a folder: its commands, and its server with some workers.

    `settings` are environment variables. Nothing is shared with other services but the code, unless
    they name the same databases; without a DATABASE_URL there are SQLite files in the folder. A server
    does not outlive this process, however that ends.
    """

    def __init__(self, folder: Path, workers: int = 2, **settings: str) -> None:
        self.folder = folder
        self.workers = workers
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = environment(folder, **{"PORT": str(self.port), **settings})
        self.secrets: dict[str, str] = {}
        self.admin: Credentials = ("", "")
        self.process: subprocess.Popen[bytes] | None = None
        self._leash: Leash | None = None
        self._log = folder / "server.log"
        self._last = "no answer"
        # A connection for each request, so that any worker may get any of them.
        alone = httpx.Limits(max_keepalive_connections=0)
        self._http = httpx.Client(
            base_url=self.url, timeout=PATIENCE_SECONDS, limits=alone, verify=NO_AUTHORITIES
        )

    def prepare(self) -> Self:
        """Add the source `lab` and a client with every role."""
        self.add_source("lab")
        self.admin = self.add_client("admin")
        return self

    def like(self, other: Self) -> Self:
        """Take over what another service keeps, which is not running: its files and its secrets.

        What it keeps on PostgreSQL is for the caller to copy.
        """
        for file in other.folder.glob("*.db"):
            shutil.copy(file, self.folder)
        self.secrets, self.admin = dict(other.secrets), other.admin
        return self

    def add_source(self, name: str, *options: str) -> str:
        """Add a source and return its secret."""
        self.secrets[name] = self.here("sources", "add", name, *options).stdout.split()[-1]
        return self.secrets[name]

    def add_client(self, *roles: str, options: tuple[str, ...] = ()) -> Credentials:
        """Add a client with these roles and return its id and key."""
        wanted = [word for role in roles for word in ("--role", role)]
        printed = self.here("clients", "add", "-".join(roles), *wanted, *options).stdout
        client_id, key = printed.split()[-1].split(":")
        return client_id, key

    def here(self, *arguments: str, check: bool = True, given: str | None = None) -> Result:
        """Run `kitledger` in this process, which is quicker than `cli`."""
        runner = CliRunner(env=self.environment)
        done = runner.invoke(kitledger, arguments, input=given, prog_name="kitledger")
        assert not check or done.exit_code == 0, f"{arguments}: {done.output}"
        return done

    def cli(
        self, *arguments: str, check: bool = True, given: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `kitledger` with these arguments; with `check`, it has to succeed."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert not check or done.returncode == 0, f"{arguments}: {done.stderr or done.stdout}"
        return done

    def start(self, *options: str) -> Self:
        """Serve, and return once it is ready: on the same port and files as before, if it ran before."""
        self.serve(*options)
        self.wait_until_ready()
        return self

    def serve(self, *options: str) -> None:
        """Start the server in a process group of its own."""
        numbers = ("--port", str(self.port), "--workers", str(self.workers))
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "serve", *numbers, *options],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if self._leash is not None:
            self._leash.release()
        self._leash = Leash.of_group(self.process.pid)

    def wait_until_ready(self, path: str = "/readyz") -> None:
        """Wait for /readyz, or for another path that is open to all, to answer 200."""
        ready = eventually(lambda: not self._is_running() or self._answers(path))
        served = ready and self._is_running()
        assert served, f"it never got ready: {self._last}\n{self.log()}"

    def stop(self) -> int:
        """End the server with SIGTERM and return its exit status."""
        assert self.process is not None, "it was never started"
        self.process.terminate()
        return self._ended()

    def kill(self) -> None:
        """End every process of the server at once with SIGKILL."""
        assert self.process is not None, "it was never started"
        os.killpg(self.process.pid, signal.SIGKILL)
        self._ended()

    def close(self) -> None:
        """End what still runs."""
        self._http.close()
        if self.process is None:
            return
        try:
            if self.process.poll() is None:
                self.stop()
        finally:
            if self.processes():
                self.kill()
            self._ended()

    def processes(self) -> list[int]:
        """Return the ids of the server's living processes: gunicorn, its workers, the projector."""
        assert self.process is not None, "it was never started"
        return group_of(self.process.pid)

    def log(self) -> str:
        """Return what the server has written so far."""
        return self._log.read_text()

    def log_lines(self) -> list[dict[str, Any]]:
        """Return the JSON objects that the server has logged so far."""
        return [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement on the ledger's database, past the service; `%s` stands for a value."""
        with self.ledger() as plain:
            return plain.query(statement, *values)

    @contextmanager
    def ledger(self) -> Iterator[Plain]:
        """Open the ledger's database beside the server."""
        with closing(Plain(self.environment["DATABASE_URL"])) as plain:
            if not plain.on_postgres:
                plain.query("PRAGMA busy_timeout = 10000")
            yield plain

    @contextmanager
    def nobody_writes(self) -> Iterator[None]:
        """Hold up everybody who wants to write to the ledger, as a backup does that hangs."""
        with self.ledger() as plain:
            plain.hold_up()
            yield

    def request(
        self, method: str, path: str, *, auth: Credentials | None = None, **options: Any
    ) -> httpx.Response:
        """Ask as the client with every role, or as another."""
        return self._http.request(method, path, auth=auth or self.admin, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        """GET as the client with every role, or as the one of `auth`."""
        return self.request("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """POST JSON as the client with every role, or as the one of `auth`."""
        return self.request("POST", path, json=body, **options)

    def patch(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """PATCH JSON as the client with every role, or as the one of `auth`."""
        return self.request("PATCH", path, json=body, **options)

    def anonymous(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask without credentials, or with those in the headers."""
        return self._http.request(method, path, **options)

    def post_webhook(
        self, body: Any, source: str = "lab", **headers: str | bytes | None
    ) -> httpx.Response:
        """Post bytes, or a value as JSON, signed now by the official library.

        `headers` replace those that are made here: `webhook_id=…` replaces `webhook-id`, and None
        leaves it out.
        """
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        made = {"content-type": "application/json", **self.signed(content, source), **named}
        sent = {name: value for name, value in made.items() if value is not None}
        return self._http.post(f"/webhooks/{source}", content=content, headers=sent)

    def signed(
        self, body: bytes, source: str = "lab", at: datetime | None = None
    ) -> dict[str, str]:
        """Return the headers with which a source signs a body."""
        webhook_id, now = f"msg_{uuid.uuid4().hex}", at or datetime.now(UTC)
        return {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": sign(self.secrets[source], webhook_id, now, body),
        }

    def _ended(self) -> int:
        """Wait for the server's end; its group's number may soon be another's."""
        assert self.process is not None, "it was never started"
        status = self.process.wait(PATIENCE_SECONDS)
        if self._leash is not None and not self.processes():
            self._leash.release()
        return status

    def _is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def _answers(self, path: str) -> bool:
        try:
            answer = self._http.get(path)
        except httpx.TransportError:
            return False
        self._last = answer.text
        return answer.status_code == httpx.codes.OK


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """Return an environment in which `kitledger` keeps everything in a folder."""
    inherited = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    files = {
        "DATABASE_URL": f"sqlite:///{folder}/ledger.db",
        "VIEWS_DATABASE_URL": f"sqlite:///{folder}/views.db",
    }
    databases = {} if "DATABASE_URL" in settings else files
    key = {"CHECKPOINT_KEY_FILE": str(folder / "ledger.key")}
    return {**inherited, **databases, **key, "TMPDIR": str(folder), **settings}


def sign(secret: str, webhook_id: str, at: datetime, body: bytes) -> str:
    """Sign as the official library does, which itself takes no body but text."""
    try:
        return Webhook(secret).sign(webhook_id, at, body.decode())
    except UnicodeDecodeError:
        signed = f"{webhook_id}.{int(at.timestamp())}.".encode() + body
        key = base64.b64decode(secret.removeprefix("whsec_"))
        return f"v1,{base64.b64encode(hmac_data(key, signed)).decode()}"
