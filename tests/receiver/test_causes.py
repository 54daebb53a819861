"""Every route and every command that changes something says who did it, why, and in which request.

The walks take routes from the OpenAPI document and commands from the tree of click: a new one fails until
it has an example in changes.py, or is listed among those that only read.
"""

import re
import uuid
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import quote

import click
import pytest

from domain.aggregate import Event
from receiver.commands.cli import kitledger
from receiver.pages import cursor
from tests.harness.plain import Plain
from tests.harness.service import Service
from tests.receiver.changes import COMMANDS, ROUTES, opened, source
from tests.receiver.examples import Fresh, kit_event, position

WHY = "Žofie asked by phone"
READING = {
    "audit checkpoint",
    "audit export",
    "audit import",
    "audit prove",
    "audit reconcile",
    "audit verify",
    "clients list",
    "history",
    "migrate",
    "project",
    "projections status",
    "quarantine list",
    "quarantine show",
    "replay",
    "serve",
    "sources list",
    "send",
    "sources try",
    "forward",
    "tail",
}
"""The commands that append no event of their own; a new origin of checkpoints does."""
HISTORIES = {
    "kit": "/api/v1/kits/{}/history/",
    "kit-registration": "/api/v1/kit-registrations/{}/history/",
    "source": "/api/v1/sources/{}/history/",
    "client": "/api/v1/clients/{}/history/",
}


def appended(service: Service, before: int) -> list[Event]:
    """Return the events after a position."""
    with opened(service) as services:
        stored = services.ledger.store.select_notifications(before + 1, 100)
        return [services.ledger.streams.decode(each) for each in stored]


def head(service: Service) -> int:
    return int(service.query("SELECT coalesce(max(position), 0) FROM stored_events")[0][0])


def commands(group: click.Group, *names: str) -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *names, name)
        elif not command.hidden:
            yield " ".join([*names, name])


def test_every_route_that_writes_has_an_example(service: Service) -> None:
    document = service.get("/openapi.json").json()
    writes = {
        f"{method} {path}"
        for path, item in document["paths"].items()
        for method in item
        if method in {"post", "put", "patch", "delete"}
    }
    assert writes - {"post /webhooks/{source}"} == ROUTES.keys()


def test_every_command_that_changes_something_has_an_example() -> None:
    assert set(commands(kitledger)) - READING == COMMANDS.keys()


@pytest.mark.parametrize("route", ROUTES)
def test_each_event_of_a_request_has_its_client_its_reason_and_its_id(
    service: Service, fresh: Fresh, route: str
) -> None:
    path, body = ROUTES[route](service, fresh)
    client, request_id = service.add_client("admin"), uuid.uuid4().hex
    before = position(service)

    headers = {"Change-Reason": quote(WHY), "X-Request-Id": request_id}
    method = route.partition(" ")[0].upper()
    options = {} if body is None else {"json": body}
    answer = service.request(method, path, auth=client, headers=headers, **options)

    assert answer.status_code in {200, 201, 204}, answer.text
    events = appended(service, before)
    caused = {(each.by, each.by_name, each.why, each.request_id) for each in events}
    assert caused == {(f"client/{client[0]}", "admin", WHY, request_id)}
    shows_all(service, before, events)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_event_of_a_command_has_its_operator_its_reason_and_an_id(
    service: Service, shell: Service, fresh: Fresh, command: str
) -> None:
    # The projector of a server would go on, where a projection is only said to have stopped.
    place = shell if command == "projections skip" else service
    with closing(Plain(place.environment["DATABASE_URL"])) as plain:
        if command == "backup" and plain.on_postgres:
            pytest.skip("PostgreSQL has its own backup")
    words = COMMANDS[command](place, fresh)
    before = head(place)

    place.here(*command.split(), *words, "--why", WHY)

    events = appended(place, before)
    [(by, name, why, request_id)] = {
        (each.by, each.by_name, each.why, each.request_id) for each in events
    }
    assert (by, why) == (f"operator/{name}", WHY)
    assert request_id
    if place is service:
        shows_all(service, before, events)


def shows_all(service: Service, before: int, events: list[Event]) -> None:
    """Make sure that the log has these events with their causes, and so have the histories of things."""
    query = {"after": cursor([before]), "limit": 1000}
    entries = service.get("/api/v1/audit/log/", params=query).json()
    assert [each["event"] for each in entries] == [each.TOPIC for each in events]
    for entry, event in zip(entries, events, strict=True):
        by = "{kind}/{id}".format(**entry["by"])
        assert (by, entry["why"], entry["request_id"]) == (event.by, event.why, event.request_id)
        kind, key = entry.pop("subject").values()
        if kind in HISTORIES:
            assert entry in service.get(HISTORIES[kind].format(key), params=query).json()
        if kind == "group":
            path = "/api/organizations/{}/groups/{}/history".format(*key.split("/"))
            assert entry in service.get(path, params=query).json()


def test_each_event_of_a_webhook_has_its_source_and_its_request(
    service: Service, fresh: Fresh
) -> None:
    before, number = position(service), fresh()

    answers = [
        service.post_webhook(kit_event(number, f"K-{number}")),
        service.post_webhook([kit_event(fresh(), f"K-{number}")]),
        service.post_webhook(kit_event(number, "other")),
    ]

    events = appended(service, before)
    assert {(each.by, each.by_name, each.why) for each in events} == {("source/lab", "lab", None)}
    told = dict.fromkeys(each.request_id for each in events)
    assert list(told) == [each.headers["x-request-id"] for each in answers]


def test_no_event_of_sources_and_clients_has_a_secret(service: Service, fresh: Fresh) -> None:
    before, name = head(service), source(service, fresh)
    secret = service.here("sources", "rotate", name).stdout.split()[-1]
    _, key = service.add_client("reader")

    with service.ledger() as plain:
        states = plain.query("SELECT state FROM stored_events WHERE position > %s", before)

    assert len(states) == 4
    for given in (service.secrets[name], secret, key):
        plainly = re.sub("^whsec_", "", given).encode()
        assert not [state for (state,) in states if plainly in bytes(state)]
