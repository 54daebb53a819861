"""The error of a bundle, or of the ledger that it comes from or goes to."""


class BundleError(Exception):
    """A bundle can't be made or read; the message is for an operator."""


def at(position: int, what: str) -> BundleError:
    """Return the error of one position."""
    return BundleError(f"position {position}: {what}")
