"""The command line works without Flask, and its help without any library but click."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence

import pytest

from store.urls import is_postgres
from tests.harness.service import Service
from tests.receiver.examples import kit_event
from tests.receiver.test_cli import ALL

FLASK = ("flask", "flask_smorest", "werkzeug")
GROUPS = {path[0] for path in ALL.values() if len(path) > 1}
HEAVY = (*FLASK, "eventsourcing", "gevent", "gunicorn", "marshmallow", "psycopg", "sqlalchemy")
SCRIPT = """
import json, sys
sys.modules.update(dict.fromkeys(json.loads(sys.argv[1])))  # an import of these fails
from receiver.commands.cli import kitledger
for words in json.loads(sys.argv[2]):
    try:
        kitledger(words, prog_name="kitledger")
    except SystemExit as end:
        print(*words, "ended with", end.code, flush=True)
"""


def ended(service: Service, missing: Sequence[str], commands: Sequence[Sequence[str]]) -> list[str]:
    """Run commands in a process that has not got some libraries; return how each ended."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(missing), json.dumps(commands)],
        cwd=service.folder,
        env=service.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if " ended with " in line]


def test_help_needs_no_library_but_click(nowhere: Service) -> None:
    commands = [[*path, "--help"] for path in ALL.values()]
    expected = [f"{' '.join(words)} ended with 0" for words in commands]
    assert ended(nowhere, HEAVY, commands) == expected


@pytest.mark.one_store
def test_no_command_needs_flask(service: Service, fresh: Callable[[], int]) -> None:
    held = []
    for _ in range(2):
        number = fresh()
        service.post_webhook(kit_event(number, str(number)))
        refused = service.post_webhook(kit_event(number, str(number), "KIT_FAILED"))
        held.append(str(refused.json()["quarantine"]))
    words = {
        # With a parent that it has not got, it ends at once.
        "project": "--parent 1",
        "sources add": "flaskless",
        "sources rotate": "flaskless",
        "sources set": "flaskless --tolerance 60",
        "sources retire": "flaskless --yes",
        "sources reopen": "flaskless",
        "clients add": "flaskless --role reader --id 987654321",
        "clients revoke": "987654321",
        "projections rebuild": "kit-registrations",
        "quarantine show": held[0],
        "history": "source flaskless",
        "quarantine release": f"{held[0]} --yes",
        "quarantine discard": f"{held[1]} --why test",
        "audit export": f"--out bundle{fresh()}",
        "audit prove": "1",
    }
    # These have nothing to do here, and say so.
    refused = {
        "sources expire": "lab nothing",
        "sources try": "lab --body /dev/null",
        "send": "lab sampled --url http://127.0.0.1:9",
        "tail": f"--client 1:wrong --url {service.url}",
        "forward": f"--to http://127.0.0.1:9 --client 1:wrong --url {service.url}",
        "projections skip": "kits",
        "audit import": ".",
    }
    by_itself = is_postgres(service.environment["DATABASE_URL"])
    (refused if by_itself else words)["backup"] = f"copy{fresh()}.db"
    # Of these, `serve` starts the workers, which serve HTTP.
    runnable = [name for name, path in ALL.items() if path and name not in GROUPS | {"serve"}]
    status = {name: int(name in refused) for name in runnable}
    commands = [[*ALL[name], *(words | refused).get(name, "").split()] for name in runnable]

    endings = ended(service, FLASK, commands)

    expected = [
        f"{' '.join(command)} ended with {status[name]}"
        for name, command in zip(runnable, commands, strict=True)
    ]
    assert endings == expected
