"""The warning that stands for a failure where the mode is "warn"."""

from __future__ import annotations

import warnings


class JaxcostWarning(UserWarning):
    """A limit was exceeded, or a marked test measured nothing, in mode "warn"."""

    __module__ = "pytest_jaxcost"  # as it is imported and written in filterwarnings

    def __init__(self, message: str, *, headline: str = "") -> None:
        super().__init__(message)
        self.headline = headline or message.partition("\n")[0]


def warn_at(warning: JaxcostWarning, path: str, line: int) -> None:
    """Warn of what stands in a line of a file; an error where the filters say so."""
    warnings.warn_explicit(warning, None, path, line)


def mention_at(warning: JaxcostWarning, path: str, line: int) -> None:
    """Warn, but raise only if a filter names this warning: not if it makes all warnings errors."""
    try:
        warn_at(warning, path, line)
    except JaxcostWarning:
        if not _is_error(UserWarning(str(warning)), path, line):
            raise
        with warnings.catch_warnings():
            warnings.simplefilter("always", JaxcostWarning)
            warn_at(warning, path, line)


def _is_error(warning: UserWarning, path: str, line: int) -> bool:
    """Whether the filters make an error of another warning at the same place."""
    with warnings.catch_warnings(record=True):
        try:
            warnings.warn_explicit(warning, None, path, line)
        except UserWarning:
            return True
    return False
