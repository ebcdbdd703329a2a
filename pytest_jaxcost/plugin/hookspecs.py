"""Hooks that other plugins and conftest files may implement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from ..cost.registry import Rule
    from ..report import Report


def pytest_jaxcost_report(report: Report, item: pytest.Item) -> None:
    """Called for every measurement, before its limits are judged.

    Under pytest-xdist it is called in the process that ran the test.
    """


def pytest_jaxcost_cost_rules() -> Mapping[str, Rule]:  # type: ignore[empty-body]
    """Return cost rules by primitive name, added for this session before its first measurement."""
