"""The services of the current application."""

from typing import cast

from flask import current_app

from domain.ledger import Ledger
from receiver.services import Services


def services() -> Services:
    """Return all services."""
    return cast(Services, current_app.extensions["services"])


def ledger() -> Ledger:
    """Return the ledger."""
    return services().ledger
