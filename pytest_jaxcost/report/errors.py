"""Errors of names: a scope that is not there, a limit that cannot be meant."""

from __future__ import annotations


class ScopeError(LookupError):
    """A scope that nothing of the measured program belongs to."""

    __module__ = "pytest_jaxcost"


class LimitError(ValueError):
    """A limit that cannot be meant: an unknown name, a wrong unit, no number."""

    __module__ = "pytest_jaxcost"
