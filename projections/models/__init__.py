"""The read models, one module each; every module exports its projection as PROJECTION."""

from projections.projection import Projection


def all_projections() -> list[Projection]:
    """Return the projection of every module here."""
    from domain.discovery import modules_of

    return [module.PROJECTION for module in modules_of(__name__)]
