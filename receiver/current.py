"""The services of the current application."""

from typing import cast

from flask import current_app, g

from domain.ledger import CausedLedger
from receiver.services import Services


def services() -> Services:
    """Return all services."""
    return cast(Services, current_app.extensions["services"])


def ledger() -> CausedLedger:
    """Return the ledger, which saves events with the current request as their cause."""
    return services().ledger.caused_by(g.cause)
