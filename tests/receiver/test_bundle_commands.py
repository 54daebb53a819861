"""kitledger audit export and import: from one installation to an empty one."""

import json
from pathlib import Path

import pytest

from tests.harness.service import Service
from tests.harness.service_factory import ServiceFactory
from tests.receiver.test_cli import error, here


@pytest.fixture(scope="module")
def signer(services: ServiceFactory) -> Service:
    """Give an installation with a source, a client and a key, whose log nobody has signed yet."""
    place = services.bare()
    place.add_source("lab")
    place.add_client("admin")
    place.here("audit", "key", "--name", "test.example/ledger")
    return place


def exported(service: Service, folder: Path, *options: str) -> dict[str, object]:
    """Export a bundle, and return its bundle.json."""
    done = service.here("audit", "export", "--out", str(folder), *options)
    found: dict[str, object] = json.loads((folder / "bundle.json").read_text())
    assert done.stdout == (
        f"{folder} holds {found['count']} events from position {found['from']} to {found['to']}.\n"
    )
    assert done.stderr == ""
    return found


def test_what_was_recorded_is_signed_and_exported_and_an_empty_ledger_takes_it(
    signer: Service, services: ServiceFactory, tmp_path: Path
) -> None:
    found = exported(signer, tmp_path / "bundle")
    head = signer.query("SELECT max(position) FROM stored_events")[0][0]
    assert (found["to"], found["subject"]) == (head, None)

    other = services.bare()
    printed = other.here("audit", "import", str(tmp_path / "bundle")).stdout.splitlines()
    key = (tmp_path / "bundle" / "keys").read_text().strip()
    assert printed[0] == f"Signed by {key}: compare this key with the one that you were given."
    assert printed[1].startswith("Sources, clients and their secrets are not in a bundle")
    _, _, root, *_ = (tmp_path / "bundle" / "checkpoint").read_text().splitlines()
    assert printed[2] == f"The ledger holds the events up to position {head}, root {root}."
    assert other.query("SELECT * FROM stored_events ORDER BY position") == signer.query(
        "SELECT * FROM stored_events ORDER BY position"
    )
    verified = other.here("audit", "verify").stdout
    assert f"the first {head} are as signed" in verified


def test_an_imported_ledger_serves_after_sources_and_clients_were_added(
    signer: Service, services: ServiceFactory, tmp_path: Path
) -> None:
    exported(signer, tmp_path / "bundle")
    other = services.bare()
    other.here("audit", "import", str(tmp_path / "bundle"))
    assert error(here(other, "clients", "add", "x", "--id", "1", "--role", "admin")) == (
        "Error: the ledger has the history of another client 1"
    )
    other.prepare()
    assert other.admin[0] == "2"
    other.start()
    webhook = {"id": 1, "type": "kit.created", "data": {"kit": {"barcode": "A", "status": "OK"}}}
    assert other.post_webhook(webhook).status_code == 202
    assert other.get("/api/v1/kits/A/").json()["status"] == "OK"
    again = here(other, "audit", "import", str(tmp_path / "bundle"))
    assert "a bundle is for an empty one" in error(again)


@pytest.mark.one_store
def test_a_bundle_is_about_things_or_a_range(signer: Service, store: str, tmp_path: Path) -> None:
    found = exported(signer, tmp_path / "thing", "--source", "lab", "--client", "1")
    assert found["subject"] == [{"kind": "source", "id": "lab"}, {"kind": "client", "id": 1}]
    assert exported(signer, tmp_path / "range", "--from", "2", "--to", "3")["count"] == 2
    parquet = exported(signer, tmp_path / "parquet", "--format", "parquet")
    assert parquet["events"] == "parquet"
    assert exported(signer, tmp_path / "parquet", "--format", "parquet") == parquet


@pytest.mark.one_store
def test_an_export_that_can_not_be_says_why_and_makes_no_folder(
    signer: Service, store: str, nowhere: Service, tmp_path: Path
) -> None:
    def refused(*options: str) -> str:
        return error(here(signer, "audit", "export", "--out", str(tmp_path / "out"), *options))

    assert refused("--to", "10000").endswith("`kitledger audit checkpoint` signs one")
    assert refused("--kit", "K-\x1b") == "Error: there is no kit K-\\x1b"
    assert refused("--review", "7") == "Error: there is no review 7"
    assert refused("--from", "9999") == "Error: there is no such event from position 9999 to 4"
    usage = here(
        signer, "audit", "export", "--out", str(tmp_path / "out"), "--review", "7", "--to", "1"
    )
    assert usage.exit_code == 2
    assert "give --review alone" in usage.stderr
    assert "there is no ledger" in error(
        here(nowhere, "audit", "export", "--out", str(tmp_path / "out"))
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.one_store
def test_a_folder_that_is_no_bundle_is_not_imported(
    services: ServiceFactory, store: str, tmp_path: Path
) -> None:
    refused = error(here(services.bare(), "audit", "import", str(tmp_path)))
    assert refused.endswith("is not a bundle, or not a whole one: it has no bundle.json")
