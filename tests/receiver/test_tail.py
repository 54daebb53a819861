"""kitledger tail: the feed on a terminal, which goes on by itself after the server was away."""

import json
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import NewService
from tests.harness.service import COMMAND, Service
from tests.harness.waiting import PATIENCE_SECONDS, eventually


@contextmanager
def running(service: Service, *arguments: str, output: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command of a client beside a service; what it prints goes into a file."""
    words = [*COMMAND, *arguments, "--url", service.url]
    environment = {**service.environment, "KITLEDGER_CLIENT": ":".join(service.admin)}
    with output.open("wb") as file:
        process = subprocess.Popen(
            words, cwd=service.folder, env=environment, stdout=file, stderr=subprocess.STDOUT
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def announce(service: Service, *numbers: int, source: str = "lab") -> None:
    for number in numbers:
        service.post_webhook({"id": number, "type": "sampled", "data": {"n": number}}, source)


def items(output: Path) -> list[int]:
    """Return the ids of the events that were printed as JSON."""
    lines = output.read_text().splitlines()
    return [json.loads(line)["id"] for line in lines if line.startswith("{")]


@pytest.mark.one_store
def test_it_goes_on_after_the_server_was_killed(new_service: NewService, tmp_path: Path) -> None:
    service, output = new_service(1).start(), tmp_path / "tail"
    announce(service, 1, 2)
    with running(service, "tail", "--since", "beginning", "--json", output=output) as process:
        assert eventually(lambda: items(output) == [1, 2])
        service.kill()
        service.start()
        announce(service, 3)
        assert eventually(lambda: items(output) == [1, 2, 3])
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_SECONDS) == 0
    assert "trying again" in output.read_text()


def test_it_prints_a_line_for_each_event_that_passes(
    service: Service, name: str, tmp_path: Path
) -> None:
    service.add_source(name)
    output = tmp_path / "tail"
    arguments = ("tail", "--source", name, "--type", "sampled", "--since", "1")
    service.post_webhook({"id": 1, "type": "other", "data": {}}, name)
    service.post_webhook({"id": 2, "type": "sampled", "data": {"told": "\u202e"}}, name)
    with running(service, *arguments, output=output):
        assert eventually(lambda: "sampled" in output.read_text())
    [line] = output.read_text().splitlines()
    assert f"{name}  sampled  2" in line
    assert "\\u202e" in line


@pytest.mark.one_store
def test_the_first_screen_of_the_readme_works(service: Service, tmp_path: Path) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    typed = re.findall(r"^\$ kitledger ((?:send|tail) .*)$", readme, re.MULTILINE)
    sent, followed = (shlex.split(line, comments=True) for line in typed)
    service.here(*sent, "--url", service.url)
    # The client is another one on each machine.
    words = followed[: followed.index("--client")]
    with running(service, *words, output=tmp_path / "tail"):
        assert eventually(lambda: "UL42345" in (tmp_path / "tail").read_text())


@pytest.mark.one_store
def test_a_closed_pipe_ends_it(service: Service, name: str) -> None:
    service.add_source(name)
    announce(service, 1, source=name)
    words = ["tail", "--source", name, "--since", "beginning", "--json", "--url", service.url]
    environment = {**service.environment, "KITLEDGER_CLIENT": ":".join(service.admin)}
    with subprocess.Popen(
        [*COMMAND, *words],
        cwd=service.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["id"] == 1
        process.stdout.close()
        announce(service, 2, source=name)
        assert process.stderr.read() == b""
        assert process.wait(PATIENCE_SECONDS) == 0


def test_from_a_time_on(service: Service, name: str, tmp_path: Path) -> None:
    service.add_source(name)
    announce(service, 1, source=name)
    first = service.get(f"/api/v1/feed/?source={name}").json()[0]["recorded_at"]
    announce(service, 2, source=name)
    second = service.get(f"/api/v1/feed/?source={name}").json()[1]["recorded_at"]
    output = tmp_path / "tail"
    arguments = ("tail", "--json", "--source", name, "--since", second)
    with running(service, *arguments, output=output):
        assert eventually(lambda: items(output) == [2])
    assert first < second


def test_a_client_that_may_not_read_is_told_so(service: Service) -> None:
    wrong = ":".join((service.admin[0], "11111111-1111-4111-8111-111111111111"))
    done = service.here("tail", "--client", wrong, "--url", service.url, check=False)
    assert done.exit_code == 1
    assert "401" in done.output.splitlines()[-1]


def test_without_a_client_it_says_how_to_give_one(service: Service) -> None:
    done = service.here("tail", check=False)
    assert done.exit_code == 2
    assert "KITLEDGER_CLIENT" in done.output
