"""How the service starts, and what stops the start."""

import shlex
import socket
import subprocess

import httpx
import pytest

from tests.conftest import NewService
from tests.harness.effort import effort
from tests.harness.postgres import Databases
from tests.harness.processes import free_port
from tests.harness.service import COMMAND, Service
from tests.harness.service_factory import ServiceFactory
from tests.harness.waiting import PATIENCE_SECONDS, eventually
from tests.receiver.test_cli import error, rows


@pytest.mark.parametrize("command", ["serve", "project", "migrate", "clients list"])
def test_a_bad_setting_stops_the_start_with_a_line_that_names_it(
    nowhere: Service, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setitem(nowhere.environment, "MAX_BODY_BYTES", "plenty")

    assert "MAX_BODY_BYTES" in error(nowhere.cli(*command.split(), check=False))


def test_a_file_that_is_no_database_is_one_line(
    nowhere: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    (nowhere.folder / "letter.txt").write_text("Dear reader, " * 100)
    monkeypatch.setitem(
        nowhere.environment, "DATABASE_URL", f"sqlite:///{nowhere.folder}/letter.txt"
    )

    assert "not a database" in error(nowhere.cli("migrate", check=False))


def test_a_folder_that_can_not_be_made_is_one_line(
    nowhere: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(nowhere.environment, "DATABASE_URL", "sqlite:////proc/none/ledger.db")

    assert "/proc/none" in error(nowhere.cli("serve", check=False))


@pytest.mark.parametrize("command", ["serve", "project"])
def test_a_server_that_does_not_answer_is_one_line(
    nowhere: Service, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    nobody_listens = f"127.0.0.1:{free_port()}"
    url = f"postgresql://me:hunter2@{nobody_listens},{nobody_listens}/ledger"
    monkeypatch.setitem(nowhere.environment, "DATABASE_URL", url)

    said = error(nowhere.cli(*command.split(), check=False))

    assert "connection" in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://localhost/ledger?colour=blue", "DATABASE_URL"),
        ("postgresql://localhost:port/ledger", "port"),
        ("postgresql://localhost/ledger?target_session_attrs=fastest", "target_session_attrs"),
        ("postgresql://localhost/ledger?connect_timeout=soon", "connect_timeout"),
        ("postgresql://localhost/ledger?sslmode=maybe", "sslmode"),
    ],
)
def test_a_bad_url_of_postgresql_is_one_line(
    nowhere: Service, monkeypatch: pytest.MonkeyPatch, url: str, says: str
) -> None:
    monkeypatch.setitem(nowhere.environment, "DATABASE_URL", url)

    assert says in error(nowhere.here("migrate", check=False))


def test_a_database_that_does_not_exist_is_one_line(
    nowhere: Service, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = databases.new() + "_missing"
    monkeypatch.setitem(nowhere.environment, "DATABASE_URL", missing)

    assert "does not exist" in error(nowhere.cli("serve", check=False))


def test_a_port_that_is_taken_is_one_line(nowhere: Service) -> None:
    with socket.create_server(("127.0.0.1", nowhere.port)):
        done = nowhere.cli("serve", "--port", str(nowhere.port), check=False)

    assert str(nowhere.port) in error(done)


@pytest.mark.one_store
@pytest.mark.parametrize("host", ["[::1]", "::", "::1", "localhost"][: effort(2, 4)])
def test_it_listens_on_an_ipv6_address_as_on_any_other(new_service: NewService, host: str) -> None:
    service = new_service(1)
    reached = f"http://{'127.0.0.1' if host == 'localhost' else '[::1]'}:{service.port}/healthz"

    service.serve("--no-projector", "--host", host)

    assert eventually(lambda: answers(reached)), service.log()
    shown = f"[{host.strip('[]')}]" if ":" in host else "127.0.0.1"
    assert f"http://{shown}:{service.port}" in service.log()


def answers(url: str) -> bool:
    try:
        return httpx.get(url).json() == {"status": "alive"}
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("host", ["::2", "[::2]", "nowhere.invalid", "", "[", "x" * 300, "::1%lo9"])
def test_a_host_that_is_not_here_is_one_line(nowhere: Service, host: str) -> None:
    assert "can't listen on" in error(nowhere.here("serve", "--host", host, check=False))


@pytest.mark.one_store
def test_tables_can_be_made_again_and_again(services: ServiceFactory, prepared: Service) -> None:
    service = services.like(prepared)
    before = rows(service, "clients", "list")

    service.cli("migrate")
    service.cli("migrate")

    assert rows(service, "clients", "list") == before


@pytest.mark.one_store
def test_port_and_workers_may_come_from_the_environment(new_service: NewService) -> None:
    service = new_service(WEB_CONCURRENCY="3", LOG_LEVEL="warning")
    service.environment["PORT"] = str(service.port)
    service.process = subprocess.Popen(
        [*COMMAND, "serve"], env=service.environment, cwd=service.folder, start_new_session=True
    )
    service.wait_until_ready()

    # gunicorn, its workers, and the projector.
    assert len(service.processes()) == 1 + 3 + 1

    service.process.terminate()
    assert service.process.wait(PATIENCE_SECONDS) == 0


@pytest.fixture
def unprepared(services: ServiceFactory) -> Service:
    """Give a service that was never started, whose settings know its port."""
    service = services.bare()
    service.environment["PORT"] = str(service.port)
    return service


def curls(printed: str) -> list[list[str]]:
    """Return the words of each curl command in a text, as a shell would split them."""
    lines = printed.replace("\\\n", "").splitlines()
    return [shlex.split(line) for line in lines if line.strip().startswith("curl ")]


@pytest.mark.one_store
def test_the_first_start_prints_secrets_and_a_curl_that_works(unprepared: Service) -> None:
    printed = unprepared.cli("welcome").stdout
    unprepared.start()
    announce, read = curls(printed)
    headers = dict(announce[at + 1].split(": ") for at, word in enumerate(announce) if word == "-H")
    credentials, address = read[2].split(":"), read[3]

    posted = unprepared.anonymous("POST", announce[2], headers=headers, content=announce[-1])
    kits = unprepared.get(address, auth=(credentials[0], credentials[1]))

    assert posted.status_code == 202, posted.text
    assert [kit["barcode"] for kit in kits.json()] == ["UL42345"]
    assert f"{unprepared.url}/docs" in printed


@pytest.mark.one_store
def test_secrets_are_printed_at_the_first_start_alone(unprepared: Service) -> None:
    first, second = (unprepared.cli("welcome").stdout for _ in range(2))

    assert "whsec_" in first
    assert "whsec_" not in second
    assert unprepared.url in second
