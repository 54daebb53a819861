"""One module for each resource of the API: its schemas and its routes."""

from receiver.resources import events, groups, kit_registrations, kits, registrations, reports

BLUEPRINTS = (
    events.blueprint,
    *kit_registrations.BLUEPRINTS,
    groups.blueprint,
    kits.blueprint,
    registrations.blueprint,
    reports.blueprint,
)
