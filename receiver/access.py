"""Access: HTTP Basic `id:key` or a bearer key, roles, and the organization of a client."""

from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar, cast

from flask import abort, current_app, g, request
from flask_httpauth import HTTPBasicAuth, HTTPTokenAuth, MultiAuth

from domain.cause import CLIENT, Cause
from receiver.as_of import PARAMETERS
from receiver.change_reasons import change_reason
from receiver.current import services
from receiver.errors import problem
from receiver.queries import known_parameters_only
from registry.clients import Client

F = TypeVar("F", bound=Callable[..., Any])
REALM = "kitledger"
READING = {"reader", "auditor"}
READS = {"GET", "HEAD", "OPTIONS"}
_basic = HTTPBasicAuth(realm=REALM)


class _Bearer(HTTPTokenAuth):
    """Bearer tokens; the scheme's name is case-insensitive (RFC 9110, section 11.1)."""

    def is_compatible_auth(self, headers: Mapping[str, str]) -> bool:
        """Say whether these are credentials of this scheme."""
        return headers.get("Authorization", "").lower().startswith("bearer ")


_bearer = _Bearer(scheme="Bearer", realm=REALM)
_either = MultiAuth(_basic, _bearer)


def requires(role: str, *, as_of: bool = True, narrowed: bool = False) -> Callable[[F], F]:
    """Require a client with this role, or with `admin`; answer others with 401 or 403.

    The client is the cause of what the request changes. A client that is bound to an organization gets
    404 for everything outside it, unless the route is `narrowed`: then it answers for `own_organization`
    alone. A query parameter that the route does not know is answered 400. A reader's or an auditor's route
    answers as of a position or a time too, unless `as_of` is false.
    """
    as_of = as_of and role in READING

    def mark(route: F) -> F:
        checked = known_parameters_only(_with_cause(route), PARAMETERS if as_of else ())
        guarded = _either.login_required(role=[role, "admin"])(checked)
        guarded.role, guarded.narrowed = role, narrowed
        guarded._apidoc = {**getattr(route, "_apidoc", {}), "as_of": as_of}
        return guarded  # type: ignore[no-any-return]

    return mark


def current_client() -> Client:
    """Return the client that makes this request."""
    return cast(Client, _either.current_user())


def own_organization() -> int | None:
    """Return the only organization that the client may see, or None for all."""
    return current_client().organization


def _with_cause(route: F) -> F:
    """Set the cause of the events that a request saves, before the route."""

    @wraps(route)
    def caused(*arguments: Any, **path: Any) -> Any:
        if request.method not in READS:
            client = current_client()
            g.cause = Cause.of(
                CLIENT, client.id, client.name, why=change_reason(), request_id=g.request_id
            )
        return route(*arguments, **path)

    return caused  # type: ignore[return-value]


@_basic.verify_password
def _by_id_and_key(client_id: str, key: str) -> Client | None:
    client = services().clients.by_key(key)
    return _admitted(client) if client and str(client.id) == client_id else None


@_bearer.verify_token
def _by_key(key: str) -> Client | None:
    return _admitted(services().clients.by_key(key))


@_basic.get_user_roles
@_bearer.get_user_roles
def _roles(client: Client) -> list[str]:
    return sorted(client.roles)


@_basic.error_handler
@_bearer.error_handler
def _refuse(status: int) -> Any:
    if status == HTTPStatus.FORBIDDEN:
        return problem(status, "the client lacks the role that this needs")
    response = problem(status, "the id and key, or the bearer key, are missing or wrong")
    response.headers["WWW-Authenticate"] = f'Basic realm="{REALM}", Bearer realm="{REALM}"'
    return response


def _admitted(client: Client | None) -> Client | None:
    if client is not None and client.organization is not None:
        inside = (request.view_args or {}).get("organization_id")
        narrowed = getattr(current_app.view_functions[request.endpoint or ""], "narrowed", False)
        if inside != client.organization and not (narrowed and inside is None):
            abort(404)
    return client
