"""Tables that a decorator fills."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_jaxcost.tables import into


def test_a_function_goes_in_under_all_its_names_and_stays_what_it_is() -> None:
    table: dict[str, Callable[[], int]] = {}
    rule = into(table, "rules")

    @rule("tan")
    @rule("sin", "cos")
    def one() -> int:
        return 1

    assert table == {"sin": one, "cos": one, "tan": one}
    assert one() == 1


def test_a_second_function_for_a_name_is_a_mistake() -> None:
    table: dict[str, Callable[[], int]] = {"sin": lambda: 1}
    with pytest.raises(ValueError, match=r"^sin has two rules: .*lambda.* and .*lambda"):
        into(table, "rules")("sin")(lambda: 2)
    assert table["sin"]() == 1
