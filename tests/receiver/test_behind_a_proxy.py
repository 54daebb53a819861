"""Behind a proxy that takes a path off, and keeps connections open."""

import re
import socket
import time

import httpx
import pytest

from tests.harness.service import Service
from tests.harness.service_factory import ServiceFactory
from tests.receiver.examples import kit_event, note

PREFIX = "/kit/v2"
pytestmark = pytest.mark.one_store


@pytest.fixture(scope="module")
def proxied(services: ServiceFactory, prepared: Service) -> Service:
    """Give a service that believes that a proxy takes PREFIX off, and closes connections after 1 s."""
    return services.like(
        prepared, workers=1, FORWARDED_PREFIX=f"{PREFIX}/", KEEPALIVE_SECONDS="1"
    ).start()


def follow(service: Service, url: str) -> httpx.Response:
    """Ask as the proxy does, which takes the prefix off."""
    assert url.startswith(f"{PREFIX}/"), url
    return service.get(url.removeprefix(PREFIX))


def test_a_link_leads_to_the_next_page(proxied: Service) -> None:
    proxied.post_webhook([note(1), note(2)])
    first = proxied.get("/api/v1/events?limit=1")
    assert first.links["next"]["url"].startswith(f"{PREFIX}/api/v1/events?")
    assert [each["id"] for each in follow(proxied, first.links["next"]["url"]).json()] == [2]


def test_a_location_leads_to_what_was_made(proxied: Service) -> None:
    camp = "/api/organizations/5"
    made = [
        proxied.post("/api/v1/kit-registrations/", {"customer": 70, "kit": "67"}),
        proxied.request("PUT", f"{camp}/groups/5", json={"name": "Camp"}),
        proxied.post(f"{camp}/profiles/7/registrations", {"groupID": 5, "type": "patient"}),
    ]
    for answer in made:
        assert answer.status_code == 201
        assert follow(proxied, answer.headers["location"]).json() == answer.json()


def test_the_page_its_assets_and_its_document_are_found(proxied: Service) -> None:
    page = proxied.get("/docs/").text
    document = re.findall(r'"url": "([^"]+)"', page)
    assets = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(assets) > 3
    for url in (*document, *assets):
        assert follow(proxied, url).status_code == 200
    assert follow(proxied, document[0]).json()["servers"] == [{"url": PREFIX}]


def test_a_kit_is_read_by_its_escaped_barcode_all_the_same(proxied: Service) -> None:
    proxied.post_webhook(kit_event(3, "/lead/"))
    assert follow(proxied, f"{PREFIX}/api/v1/kits/%2Flead%2F").json()["barcode"] == "/lead/"
    assert "/api/v1/kits/%2Flead%2F" in [line.get("path") for line in proxied.log_lines()]


def test_a_connection_is_kept_for_as_long_as_the_setting_says(proxied: Service) -> None:
    with socket.create_connection(("127.0.0.1", proxied.port), timeout=10) as connection:
        for pause in (0.5, 0):
            connection.sendall(b"HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
            time.sleep(pause)
        answered = time.monotonic()
        assert connection.recv(4096) == b""
        assert 0.9 < time.monotonic() - answered < 5
