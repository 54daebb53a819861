"""Finding the modules of a package, so that a new module needs no entry in a list."""

import pkgutil
from importlib import import_module
from types import ModuleType


def modules_of(package: str) -> list[ModuleType]:
    """Import every module of a package and return them, sorted by name."""
    path = import_module(package).__path__
    return [import_module(f"{package}.{each.name}") for each in pkgutil.iter_modules(path)]
