"""What equations cost: rules per primitive, and XLA's word where there is none."""

from __future__ import annotations

from pytest_jaxcost.cost import rules as rules
