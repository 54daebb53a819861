"""The service within the process of the tests, whose clock they move."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.persistence import Transcoding
from freezegun import freeze_time
from freezegun.api import FakeDatetime, FrozenDateTimeFactory
from werkzeug.test import TestResponse

from projections.models import all_projections
from projections.projector import Projector
from receiver import create_app, dates
from receiver.services import Services, assemble
from receiver.settings import Settings
from tests.harness.ledgers import TESTER
from tests.harness.service import environment, sign

# Encoders take datetimes, but not freezegun's subclass of them: it would reach them from these.
ENCODING = ["_pytest.timing", "domain", "projections", "receiver", "store"]


class StoppedTimes(Transcoding):
    """The registry saves events with times of a stopped clock."""

    type = FakeDatetime
    name = "stopped-time"

    def encode(self, obj: FakeDatetime) -> str:
        return obj.isoformat()

    def decode(self, data: str) -> datetime:
        return datetime.fromisoformat(data)


class InProcess:
    """Ask the application without a server; each read is preceded by a step of the projector."""

    def __init__(self, folder: Path) -> None:
        settings = Settings.from_environment(environment(folder))
        assemble(settings, migrate=True).close()
        app = create_app(settings)
        self.services: Services = app.extensions["services"]
        self.services.ledger.mapper.transcoder.register(StoppedTimes())
        self.secret = self.services.sources.add("lab", TESTER)
        number, key = self.services.clients.add("all", ["admin"], TESTER)
        self._credentials = str(number), key
        self._client = app.test_client()
        self._projector = Projector(
            self.services.ledger,
            self.services.read_database,
            all_projections(),
            self._fail,
        )

    def get(self, path: str, **query: str) -> Any:
        """Read something that there is, up to date."""
        self._projector.step()
        answer = self.ask("GET", path, query_string=query)
        assert answer.status_code == 200, answer.text
        return answer.json

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> TestResponse:
        """Ask as the client with every role."""
        if body is not None:
            options["json"] = body
        return self._client.open(path, method=method, auth=self._credentials, **options)

    def post_webhook(
        self, body: Any, signed_at: datetime | None = None, secret: str | None = None
    ) -> TestResponse:
        """Post an event, signed now, or at another time, or with another secret."""
        content, webhook_id = json.dumps(body).encode(), f"msg_{uuid.uuid4().hex}"
        at = signed_at or datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": sign(secret or self.secret, webhook_id, at, content),
        }
        return self._client.post("/webhooks/lab", data=content, headers=headers)

    def _fail(self, name: str, fields: dict[str, Any]) -> None:
        raise AssertionError(f"{name}: {fields}")

    def close(self) -> None:
        """Close every connection."""
        self.services.close()


@contextmanager
def stopped_clock(at: datetime) -> Iterator[FrozenDateTimeFactory]:
    """Stop the time of this process; what is given here moves it.

    The product still measures spans, and so does pytest.
    """
    plain = type(at)
    with freeze_time(at, ignore=ENCODING) as clock, pytest.MonkeyPatch.context() as patch:

        def utc_now() -> datetime:
            stopped = clock()
            return plain.combine(stopped.date(), stopped.time(), UTC)

        patch.setattr(dates, "utc_now", utc_now)
        yield clock
