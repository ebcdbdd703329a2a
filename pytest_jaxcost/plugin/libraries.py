"""Packages that are no code of the user's, or that are although installed: folders or files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from importlib.util import find_spec

import pytest

from ..report import did_you_mean
from . import options


def folders(config: pytest.Config, option: str) -> tuple[str, ...]:
    """The folders of the packages that an option names, command line and ini file together.

    Raises ``pytest.UsageError`` for a package that cannot be imported; none is imported here.
    """
    given = options.given(config, option)
    return tuple(folder for each in given for folder in _folders(each.value.strip(), each.origin))


def _folders(package: str, origin: str) -> Iterator[str]:
    top, *inner = package.split(".")
    spec = find_spec(top) if top.isidentifier() else None
    if spec is None:
        near = did_you_mean(top, packages_distributions())
        raise pytest.UsageError(f"jaxcost: no package {top!r} can be imported{near} ({origin})")
    if spec.submodule_search_locations is None:  # one file
        yield spec.origin or ""
    for location in spec.submodule_search_locations or ():
        yield os.path.join(location, *inner) + os.sep
