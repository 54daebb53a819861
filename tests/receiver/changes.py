"""An example of each route and each command that changes something, prepared so that it succeeds."""

from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import Any

from sqlalchemy import update

from projections.tables import projections
from receiver.services import Services, assemble
from receiver.settings import Settings
from tests.harness.service import Service
from tests.organizations.camp import PATIENT, PROVIDER, Camp, where
from tests.receiver.examples import Fresh, kit_event

Call = tuple[str, Any]
"""The path and the body of a request."""
Words = list[str]


def camp(service: Service, fresh: Fresh) -> Camp:
    """Make an organization."""
    made = Camp(service, fresh())
    made.make(name="Camp")
    return made


def registration(service: Service, fresh: Fresh, body: Any) -> Call:
    """Register a profile, and ask to change that."""
    made = camp(service, fresh)
    return made.path(where(made.register(fresh(), made.root))), body


def kit_registration(service: Service, fresh: Fresh, *, address: str, made: bool) -> Call:
    """Ask for a registration, or for a change of one that is made."""
    path, new = f"/api/v1/{address}/", {"customer": fresh(), "kit": str(fresh())}
    if not made:
        return path, new
    return f"{path}{service.post(path, new).json()['id']}/", {"verification_date": "2018-01-01"}


ROUTES: dict[str, Callable[[Service, Fresh], Call]] = {
    **{
        f"{method} /api/v1/{address}/{rest}": partial(
            kit_registration, address=address, made=rest != ""
        )
        for address in ("kit-registrations", "customer-kit-registrations")
        for method, rest in (("post", ""), ("patch", "{registration_id}/"))
    },
    "put /api/organizations/{organization_id}/groups/{group_id}": lambda service, fresh: (
        camp(service, fresh).path(f"groups/{fresh()}"),
        {"name": "Tents", "groupIdentifier": "tents"},
    ),
    "post /api/organizations/{organization_id}/profiles/{profile_id}/registrations": (
        lambda service, fresh: (
            (made := camp(service, fresh)).path(f"profiles/{fresh()}/registrations"),
            {"groupID": made.root, "type": PATIENT},
        )
    ),
    "put /api/organizations/{organization_id}/profiles/{profile_id}/registrations/{registration_id}": (
        lambda service, fresh: registration(service, fresh, {"type": PROVIDER})
    ),
    "delete /api/organizations/{organization_id}/profiles/{profile_id}/registrations/{registration_id}": (
        lambda service, fresh: registration(service, fresh, None)
    ),
    "post /api/v1/audit/reviews/": lambda service, fresh: (
        "/api/v1/audit/reviews/",
        {"from": 1, "to": 1, "finding": "nothing"},
    ),
}


def held(service: Service, fresh: Fresh) -> str:
    """Hold a delivery that would replace another, and return where it is held."""
    number = fresh()
    service.post_webhook(kit_event(number, f"K-{number}"))
    refused = service.post_webhook(kit_event(number, f"L-{number}"))
    return str(refused.json()["quarantine"])


def source(service: Service, fresh: Fresh, *, retired: bool = False) -> str:
    """Add a source, and return its name."""
    name = f"lab-{fresh()}"
    service.add_source(name)
    if retired:
        service.here("sources", "retire", name, "--yes")
    return name


def with_key(service: Service, fresh: Fresh) -> Words:
    """Add a source, and return its name and the id of its key."""
    name = source(service, fresh)
    [key_id] = service.query("SELECT id FROM source_keys WHERE source = %s", name)
    return [name, str(key_id[0])]


def stopped(service: Service, _: Fresh) -> Words:
    """Stop a projection at the first event."""
    service.here("projections", "rebuild", "kits")
    with opened(service) as services, services.read_database.transaction() as connection:
        table = update(projections).where(projections.c.name == "kits")
        connection.execute(table.values(position=0, stopped_at=1, error="it is poisonous"))
    return ["kits"]


COMMANDS: dict[str, Callable[[Service, Fresh], Words]] = {
    "audit key": lambda service, fresh: ["--rotate"],
    "backup": lambda service, fresh: [str(service.folder / f"{fresh()}.db")],
    "clients add": lambda service, fresh: [f"client-{fresh()}", "--role", "reader"],
    "clients revoke": lambda service, fresh: [service.add_client("reader")[0]],
    "projections rebuild": lambda service, fresh: ["kits"],
    "projections skip": stopped,
    "quarantine discard": lambda service, fresh: [held(service, fresh)],
    "quarantine release": lambda service, fresh: [held(service, fresh), "--yes"],
    "sources add": lambda service, fresh: [f"lab-{fresh()}"],
    "sources expire": with_key,
    "sources reopen": lambda service, fresh: [source(service, fresh, retired=True)],
    "sources retire": lambda service, fresh: [source(service, fresh), "--yes"],
    "sources rotate": lambda service, fresh: [source(service, fresh)],
    "sources set": lambda service, fresh: [source(service, fresh), "--tolerance", "60"],
}


def opened(service: Service) -> "closing[Services]":
    """Open the services beside the server."""
    return closing(assemble(Settings.from_environment(service.environment)))
