"""The routes of auditors: the log, deliveries, and the histories of sources and clients."""

from receiver.auditing import deliveries, log, principals
from receiver.blueprint import Blueprint

BLUEPRINTS: tuple[Blueprint, ...] = (log.blueprint, deliveries.blueprint, principals.blueprint)
