"""One module for each resource of the API: its schemas and its routes."""

from receiver.resources import events, kit_registrations, kits, reports

BLUEPRINTS = (
    events.blueprint,
    *kit_registrations.BLUEPRINTS,
    kits.blueprint,
    reports.blueprint,
)
