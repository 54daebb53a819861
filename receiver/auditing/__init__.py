"""The routes of auditors: the log, deliveries, reviews, and the histories of sources and clients."""

from receiver.auditing import deliveries, log, principals, reviews
from receiver.blueprint import Blueprint

BLUEPRINTS: tuple[Blueprint, ...] = (
    log.blueprint,
    deliveries.blueprint,
    reviews.blueprint,
    principals.blueprint,
)
