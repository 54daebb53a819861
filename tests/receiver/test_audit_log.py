"""The log of all events: searched by kind, event, actor, time and reason, in pages."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from receiver.pages import cursor
from tests.harness.in_process import InProcess
from tests.harness.ledgers import TESTER
from tests.harness.plain import Plain
from tests.harness.service import Service
from tests.receiver.examples import Fresh, kit_event, pages, position, problem

LOG = "/api/v1/audit/log/"
REASON = "asked by phone"


def log(service: Service, **query: Any) -> list[dict[str, Any]]:
    answer = service.get(LOG, params={"limit": 1000, **query})
    assert answer.status_code == 200, answer.text
    entries: list[dict[str, Any]] = answer.json()
    return entries


def register(service: Service, fresh: Fresh, **options: Any) -> int:
    body = {"customer": fresh(), "kit": str(fresh())}
    answer = service.post("/api/v1/kit-registrations/", body, **options)
    registration: int = answer.json()["id"]
    return registration


@pytest.fixture
def client(service: Service, fresh: Fresh) -> dict[str, Any]:
    """Give a client that nobody else is, by its id, its name and its credentials."""
    name = f"client-{fresh()}"
    printed = service.here("clients", "add", name, "--role", "registrar").stdout
    number, key = printed.split()[-1].split(":")
    return {"id": int(number), "name": name, "auth": (number, key)}


def test_the_log_has_every_event_and_what_each_is_about(service: Service, fresh: Fresh) -> None:
    before, barcode = position(service), f"K-{fresh()}"
    service.post_webhook(kit_event(fresh(), barcode))
    registration = register(service, fresh)
    last = position(service)

    found = [each for each in log(service, after=cursor([before])) if each["position"] <= last]

    assert [each["position"] for each in found] == list(range(before + 1, last + 1))
    subjects = {(each["event"], each["subject"]["id"]) for each in found}
    assert {("Kit.Observed", barcode), ("KitRegistration.Registered", registration)} <= subjects
    [seen] = service.get(f"/api/v1/kits/{barcode}/history/").json()
    [logged] = [each for each in found if each["subject"] == {"kind": "kit", "id": barcode}]
    assert {**seen, "subject": logged["subject"]} == logged


@pytest.mark.parametrize("spelt", ["client:{id}", "client/{id}", "{id}", "{name}"])
def test_what_somebody_did_is_found_by_id_and_by_name(
    service: Service, fresh: Fresh, client: dict[str, Any], spelt: str
) -> None:
    registration = register(service, fresh, auth=client["auth"])

    found = log(service, by=spelt.format(**client))

    kinds = {"client", "kit-holder", "kit-registration"}
    assert {each["subject"]["kind"] for each in found} <= kinds
    by_client = [each for each in found if each["by"]["kind"] == "client"]
    assert {"kind": "client", "id": client["id"], "name": client["name"]} in [
        each["by"] for each in by_client
    ]
    assert registration in [each["subject"]["id"] for each in by_client]


def test_filters_narrow_one_another(service: Service, fresh: Fresh, client: dict[str, Any]) -> None:
    reason = {"Change-Reason": REASON}
    silent = register(service, fresh, auth=client["auth"])
    said = register(service, fresh, auth=client["auth"], headers=reason)
    query = {"by": f"client:{client['id']}", "kind": "kit-registration"}

    def subjects(**more: Any) -> list[int]:
        return [each["subject"]["id"] for each in log(service, **query, **more)]

    assert subjects() == [silent, said]
    assert subjects(has_reason="true") == [said]
    assert subjects(has_reason="false") == [silent]
    assert subjects(event="KitRegistration.Registered", has_reason="1") == [said]
    assert subjects(event="KitRegistration.VerificationDateSet") == []
    assert subjects(event="Kit.Observed") == []
    [entry] = log(service, **query, has_reason="true")
    assert entry["why"] == REASON


def test_a_time_is_that_of_recording(service: Service, fresh: Fresh) -> None:
    service.post_webhook({**kit_event(fresh(), f"K-{fresh()}"), "created_at": "2017-11-24"})
    service.post_webhook({**kit_event(fresh(), f"K-{fresh()}"), "created_at": "2030-11-24"})
    newest = log(service, kind="kit")[-1]
    moment = newest["recorded_at"]
    later = (datetime.fromisoformat(moment) + timedelta(microseconds=1)).isoformat()

    def has(**query: str) -> bool:
        found = [each["position"] for each in log(service, kind="kit", **query)]
        return newest["position"] in found

    assert has(since=moment)
    assert not has(since=later)
    assert not has(until=moment)
    assert has(until=later)
    assert has(since=moment.replace("+", " "), until=later)
    assert log(service, since="9999-12-31") == log(service, until="0001-01-01") == []
    assert log(service, since="0001-01-01", kind="kit") == log(service, kind="kit")


def test_pages_of_a_search_follow_one_another(
    service: Service, fresh: Fresh, client: dict[str, Any]
) -> None:
    made = [register(service, fresh, auth=client["auth"]) for _ in range(5)]
    query = {"by": f"client:{client['id']}", "kind": "kit-registration", "limit": 2}

    found = pages(service, LOG, **query)

    assert [len(page) for page in found] == [2, 2, 1]
    assert [each["subject"]["id"] for page in found for each in page] == made


def test_the_log_as_of_a_position_ends_there(service: Service, fresh: Fresh) -> None:
    register(service, fresh)
    then = position(service)
    asked = {"kind": "kit-registration", "as_of_position": then}
    answer = service.get(LOG, params=asked)

    register(service, fresh)

    again = service.get(LOG, params=asked)
    assert (again.content, again.headers["etag"]) == (answer.content, answer.headers["etag"])
    assert max(each["position"] for each in log(service, **asked)) <= then


@pytest.mark.one_store
@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"kind": "kits"}, "kit-registration"),
        ({"event": "Kit.observed"}, "Kit.Observed"),
        ({"by": "nobody:3"}, "operator"),
        ({"has_reason": "perhaps"}, "boolean"),
        ({"since": "yesterday"}, "date"),
        ({"until": ""}, "date"),
    ],
)
def test_what_nobody_can_search_for_is_refused(
    service: Service, query: dict[str, str], named: str
) -> None:
    refused = problem(service.get(LOG, params=query), 400)

    [name] = query
    assert named in " ".join(refused["errors"][name])


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[InProcess]:
    """Give a service without a server, on files of its own."""
    made = InProcess(tmp_path)
    yield made
    made.close()


def test_what_an_earlier_version_added_has_an_empty_history(
    ours: InProcess, tmp_path: Path
) -> None:
    with closing(Plain(f"sqlite:///{tmp_path}/ledger.db")) as plain:
        plain.query("UPDATE sources SET name = 'old'")
        plain.query(
            "INSERT INTO clients SELECT 99, name, 'x', roles, NULL, created_at, NULL FROM clients"
        )
    ours.services.sources.add("new", TESTER)

    assert ours.get("/api/v1/sources/old/history/") == []
    assert ours.get("/api/v1/clients/99/history/") == []
    assert ours.get("/api/v1/sources/new/history/")[0]["event"] == "Source.Added"
    assert ours.ask("GET", "/api/v1/clients/98/history/").status_code == 404


def test_sources_and_clients_have_their_histories(service: Service, name: str) -> None:
    service.add_source(name)
    client, _ = service.add_client("reader")
    service.here("sources", "retire", name, "--yes", "--why", "it moved")
    service.here("clients", "revoke", client, "--why", "left the lab")

    of_source = service.get(f"/api/v1/sources/{name}/history/").json()
    of_client = service.get(f"/api/v1/clients/{client}/history/").json()

    events = [each["event"] for each in of_source]
    assert events == ["Source.Added", "Source.KeyAdded", "Source.Retired"]
    assert of_source[-1]["changes"] == [{"field": "retired", "before": False, "after": True}]
    assert of_source[-1]["why"] == "it moved"
    assert [each["event"] for each in of_client] == ["Client.Added", "Client.Revoked"]
    assert of_client[-1]["by"]["kind"] == "operator"
    assert service.secrets[name] not in str(of_source)
