"""The parts of the application that is serving, by name."""

from typing import cast

from flask import current_app

from domain.ledger import Ledger
from domain.organizations import Organizations
from projections.views import Views


def ledger() -> Ledger:
    """Return the ledger."""
    return cast(Ledger, current_app.extensions["ledger"])


def organizations() -> Organizations:
    """Return the use cases of groups and registrations."""
    return Organizations(ledger())


def views() -> Views:
    """Return the read models' database."""
    return cast(Views, current_app.extensions["views"])
