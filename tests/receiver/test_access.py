"""Who may call: credentials, roles, the organization of a client, and the end of one."""

import base64
import uuid
from collections.abc import Callable
from functools import lru_cache

import pytest

from registry.clients import key_hash
from tests.harness.service import Credentials, Service
from tests.receiver.examples import Fresh, problem

OPEN = ["/healthz", "/readyz", "/openapi.json", "/docs/"]
READS = [
    "/api/v1/events/",
    "/api/v1/kits/",
    "/api/v1/kits/X/",
    "/api/v1/reports/",
    "/api/v1/reports/1/",
    "/api/v1/kit-registrations/",
    "/api/v1/kit-registrations/1/",
    "/api/v1/customer-kit-registrations/",
    "/metrics",
]
WRITES = [
    ("POST", "/api/v1/kit-registrations/"),
    ("PATCH", "/api/v1/kit-registrations/1/"),
    ("POST", "/api/v1/customer-kit-registrations/"),
    ("PATCH", "/api/v1/customer-kit-registrations/1/"),
]
TABLES = """SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables
WHERE schemaname IN ('public', 'views')"""
EVERYTHING = [*(("GET", path) for path in READS), *WRITES]


@pytest.fixture(scope="module")
def client_with(service: Service) -> Callable[..., Credentials]:
    """Give a maker of clients, one for each set of roles."""
    return lru_cache(service.add_client)


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("path", OPEN)
def test_some_paths_are_open_to_all(service: Service, path: str) -> None:
    assert service.anonymous("GET", path).status_code == 200


@pytest.mark.parametrize(("method", "path"), EVERYTHING)
def test_the_others_are_open_to_nobody_without_credentials(
    service: Service, method: str, path: str
) -> None:
    answer = service.anonymous(method, path, json={})

    problem(answer, 401)
    schemes = answer.headers["www-authenticate"]
    assert "Basic realm=" in schemes
    assert "Bearer realm=" in schemes


WRONG: dict[str, Callable[[str, str], str | bytes]] = {
    "another key": lambda number, key: basic(f"{number}:{uuid.uuid4()}"),
    "another id": lambda number, key: basic(f"{int(number) + 7}:{key}"),
    "no id": lambda number, key: basic(f":{key}"),
    "an id in other digits": lambda number, key: basic(f"0{number}:{key}"),
    "no key": lambda number, key: basic(f"{number}:"),
    "no colon": lambda number, key: basic(number),
    "a longer key": lambda number, key: basic(f"{number}:{key}0"),
    "not base64": lambda number, key: "Basic !!!",
    "not UTF-8": lambda number, key: "Basic " + base64.b64encode(b"\xff:\xfe").decode(),
    "nothing": lambda number, key: "",
    "a scheme alone": lambda number, key: "Basic",
    "another scheme alone": lambda number, key: "Bearer",
    "an unknown bearer": lambda number, key: f"Bearer {uuid.uuid4()}",
    "id and key as bearer": lambda number, key: f"Bearer {number}:{key}",
    "an unknown scheme": lambda number, key: f"Digest {key}",
    "the key alone": lambda number, key: key,
    "raw bytes": lambda number, key: b"Bearer \xe9\xff",
    "very long": lambda number, key: "Bearer " + "x" * 5000,
}


@pytest.mark.parametrize("spell", WRONG.values(), ids=WRONG)
def test_wrong_credentials_are_refused(
    service: Service, spell: Callable[[str, str], str | bytes]
) -> None:
    headers = {"Authorization": spell(*service.admin)}

    answer = service.anonymous("GET", READS[0], headers=headers)

    problem(answer, 401)
    assert answer.headers["www-authenticate"]


@pytest.mark.parametrize("scheme", ["Basic", "basic", "Bearer", "bearer", "BEARER"])
def test_a_client_calls_with_its_id_and_key_or_with_the_key_alone(
    service: Service, scheme: str
) -> None:
    client_id, key = service.admin
    token = key if scheme.lower() == "bearer" else basic(f"{client_id}:{key}").split()[1]

    answer = service.anonymous("GET", READS[0], headers={"Authorization": f"{scheme} {token}"})

    assert answer.status_code == 200


def test_a_client_may_bring_its_own_id_and_key(service: Service, fresh: Fresh) -> None:
    own = str(fresh()), str(uuid.uuid4())
    given = service.add_client("reader", options=("--id", own[0], "--key", own[1].upper()))

    assert given == own
    assert service.get(READS[0], auth=own).status_code == 200


@pytest.mark.parametrize(
    ("roles", "may_read", "may_write"),
    [
        (("reader",), True, False),
        (("registrar",), False, True),
        (("auditor",), False, False),
        (("reader", "registrar"), True, True),
        (("admin",), True, True),
    ],
    ids=str,
)
def test_a_role_that_is_missing_is_forbidden(
    service: Service,
    client_with: Callable[..., Credentials],
    roles: tuple[str, ...],
    may_read: bool,
    may_write: bool,
) -> None:
    client = client_with(*roles)
    for method, path in EVERYTHING:
        answer = service.request(method, path, auth=client, json={})
        may = may_read if method == "GET" else may_write
        assert (answer.status_code == 403) is not may, f"{method} {path}: {answer.text}"
        assert answer.status_code != 401
        if not may:
            problem(answer, 403)


def test_a_client_of_an_organization_finds_nothing_outside_it(service: Service) -> None:
    bound = service.add_client("admin", options=("--organization", "7"))

    for method, path in EVERYTHING:
        problem(service.request(method, path, auth=bound, json={}), 404)


def test_a_revoked_client_is_refused_by_every_worker(service: Service) -> None:
    client = service.add_client("reader")
    assert service.get(READS[0], auth=client).status_code == 200

    service.here("clients", "revoke", client[0])

    assert [service.get(READS[0], auth=client).status_code for _ in range(10)] == [401] * 10


def kept(service: Service) -> bytes:
    """Return all that the databases hold, so that words can be looked for in it."""
    with service.ledger() as plain:
        if not plain.on_postgres:
            return b"".join(file.read_bytes() for file in service.folder.glob("*.db*"))
        plain.query("SET bytea_output = 'escape'")
        tables = plain.query(TABLES)
        found = [plain.query(f"SELECT row::text FROM {table} AS row") for (table,) in tables]
    return "".join(row for rows in found for (row,) in rows).encode()


def test_only_hashes_of_keys_are_kept_and_none_is_logged(service: Service) -> None:
    client_id, key = service.add_client("reader")
    service.get(READS[0], auth=(client_id, key))
    service.anonymous("GET", READS[0], headers={"Authorization": f"Bearer {key}"})

    everything = kept(service)

    assert key_hash(key).encode() in everything
    assert key.encode() not in everything
    assert key.replace("-", "").encode() not in everything
    assert key not in service.log()
    assert basic(f"{client_id}:{key}") not in service.log()
