"""The warning that stands for a failure where the mode is "warn"."""

from __future__ import annotations


class JaxcostWarning(UserWarning):
    """A limit was exceeded, or a marked test measured nothing, in mode "warn"."""

    __module__ = "pytest_jaxcost"  # as it is imported and written in filterwarnings
