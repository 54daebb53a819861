"""The resources of the API, one module or package each, which exports its Resource as RESOURCE."""

from functools import cache

from domain.discovery import modules_of
from receiver.resource import Resource


@cache
def all_resources() -> tuple[Resource, ...]:
    """Return the resource of every module here."""
    return tuple(module.RESOURCE for module in modules_of(__name__))
