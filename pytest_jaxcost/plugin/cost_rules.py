"""Cost rules from plugins and conftest files, for as long as the session lasts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from ..cost.registry import RULES, register


def add_cost_rules(config: pytest.Config) -> Callable[[], None]:
    """Register what ``pytest_jaxcost_cost_rules`` returns; the result puts back what was there.

    Fails the running test for anything that is no mapping of rules by primitive name.
    """
    before = dict(RULES)
    for rules in reversed(config.hook.pytest_jaxcost_cost_rules()):
        if not isinstance(rules, Mapping):
            pytest.fail(
                f"jaxcost: pytest_jaxcost_cost_rules returned {rules!r}; "
                "it returns a mapping from primitive names to cost rules",
                pytrace=False,
            )
        try:
            register(rules)
        except TypeError as error:
            pytest.fail(f"jaxcost: pytest_jaxcost_cost_rules: {error}", pytrace=False)

    def restore() -> None:
        RULES.clear()
        RULES.update(before)

    return restore
