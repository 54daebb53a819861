"""kitledger forward and replay --to: each event once more, in order, to another address."""

import json
import stat
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from tests.conftest import NewService
from tests.harness.service import Service
from tests.harness.waiting import PATIENCE_SECONDS, eventually
from tests.receiver.receivers import Receiver
from tests.receiver.test_tail import announce, running


def secret_of(service: Service) -> str:
    return str(json.loads((service.folder / "forward-default.json").read_text())["secret"])


@pytest.fixture
def source_service(new_service: NewService) -> Service:
    """Give a service with three events."""
    service = new_service(1).start()
    announce(service, 1, 2, 3)
    return service


@pytest.mark.one_store
def test_events_come_in_order_signed_anew_and_after_a_kill_it_goes_on(
    source_service: Service, tmp_path: Path
) -> None:
    service, output = source_service, tmp_path / "forward"
    with Receiver() as receiver:
        with running(service, "forward", "--to", receiver.url, output=output) as process:
            assert eventually(lambda: receiver.numbers() == [1, 2, 3])
            process.kill()
            process.wait()
        announce(service, 4)
        with running(service, "forward", "--to", receiver.url, output=output):
            assert eventually(lambda: receiver.numbers()[-1:] == [4])
        secret = secret_of(service)
        for body, headers in receiver.taken:
            Webhook(secret).verify(body, headers)
    ids = [headers["webhook-id"] for _, headers in receiver.taken]
    # The last one before the kill may have come twice, with the same id.
    assert list(dict.fromkeys(receiver.numbers())) == [1, 2, 3, 4]
    assert len(set(ids)) == 4
    file = service.folder / "forward-default.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    # The first one has printed the secret; the second one has written over what it said.
    assert secret not in output.read_text()


@pytest.mark.one_store
def test_what_is_refused_is_posted_again_and_nothing_overtakes_it(
    source_service: Service, tmp_path: Path
) -> None:
    with Receiver(500, 429, 200) as receiver:
        arguments = ("forward", "--to", receiver.url)
        with running(source_service, *arguments, output=tmp_path / "forward"):
            assert eventually(lambda: receiver.numbers() == [1, 1, 1, 2, 3])


@pytest.mark.one_store
def test_410_ends_it(source_service: Service, tmp_path: Path) -> None:
    output = tmp_path / "forward"
    with (
        Receiver(410) as receiver,
        running(source_service, "forward", "--to", receiver.url, output=output) as process,
    ):
        assert process.wait(PATIENCE_SECONDS) == 1
    assert output.read_text().splitlines()[-1].endswith("410, it wants no more")


@pytest.mark.one_store
def test_what_was_posted_to_one_address_is_not_left_out_at_another(
    source_service: Service, tmp_path: Path
) -> None:
    service, client = source_service, ("--client", ":".join(source_service.admin))
    with Receiver() as receiver:
        with running(service, "forward", "--to", receiver.url, output=tmp_path / "forward"):
            assert eventually(lambda: receiver.numbers() == [1, 2, 3])
        elsewhere = ("forward", "--to", f"{receiver.url}/other", *client, "--url", service.url)
        done = service.cli(*elsewhere, check=False)
        assert done.returncode == 1
        assert "give another --name, or --from POSITION" in done.stderr
        arguments = ("forward", "--to", f"{receiver.url}/other", "--from", "0")
        with running(service, *arguments, output=tmp_path / "forward"):
            assert eventually(lambda: receiver.numbers() == [1, 2, 3, 1, 2, 3])


@pytest.mark.one_store
def test_halves_of_surrogate_pairs_go_through(source_service: Service, tmp_path: Path) -> None:
    source_service.post_webhook({"id": 4, "type": "sampled", "data": {"n": "\ud800\u2028"}})
    with Receiver() as receiver:
        arguments = ("forward", "--to", receiver.url)
        with running(source_service, *arguments, output=tmp_path / "forward"):
            assert eventually(lambda: receiver.numbers() == [1, 2, 3, "\ud800\u2028"])


@pytest.mark.one_store
def test_another_kitledger_takes_it_unchanged(
    source_service: Service, service: Service, name: str, tmp_path: Path
) -> None:
    with Receiver() as nowhere:
        # It makes the secret.
        source_service.here("replay", "--from", "1", "--to", "1", "--to", nowhere.url)
    secret = secret_of(source_service)
    service.here("sources", "add", name, "--preset", "standard-webhooks", "--secret", secret)
    target = f"{service.url}/webhooks/{name}"
    with running(source_service, "forward", "--to", target, output=tmp_path / "forward"):
        events = f"/api/v1/events/?source={name}"
        assert eventually(lambda: len(service.get(events).json()) == 3)
    assert [each["data"] for each in service.get(events).json()] == [{"n": n} for n in (1, 2, 3)]


@pytest.mark.one_store
def test_chosen_positions_are_sent_again(source_service: Service) -> None:
    positions = [each["position"] for each in source_service.get("/api/v1/feed/").json()]
    with Receiver() as receiver:
        chosen = ("--from", str(positions[1]), "--to", str(positions[1]))
        source_service.here("replay", *chosen, "--to", receiver.url)
    assert receiver.numbers() == [2]
    assert receiver.taken[0][1]["webhook-id"] == f"msg_{positions[1]}"


@pytest.mark.one_store
def test_two_of_one_name_can_not_run(new_service: NewService, tmp_path: Path) -> None:
    service = new_service(1)
    with (
        Receiver() as receiver,
        running(service, "forward", "--to", receiver.url, output=tmp_path / "one"),
    ):
        assert eventually(lambda: "whsec_" in (tmp_path / "one").read_text())
        done = service.cli(
            "forward", "--to", receiver.url, "--client", ":".join(service.admin), check=False
        )
    assert done.returncode == 1
    assert "another forward holds" in done.stderr


@pytest.mark.one_store
@pytest.mark.parametrize(
    "arguments",
    [
        ("forward", "--to", "ftp://x", "--client", "1:x"),
        ("forward", "--to", "http://[", "--client", "1:x"),
        ("forward", "--to", "http://x", "--client", "1:x", "--name", "../x"),
        ("replay", "--to", "http://x", "--to", "http://y"),
        ("replay", "--to", "soon"),
        ("replay", "--to", "http://x", "--kit", "K"),
    ],
)
def test_a_wrong_use_is_told(service: Service, arguments: tuple[str, ...]) -> None:
    assert service.here(*arguments, check=False).exit_code == 2
