"""The registry takes rules from outside and says clearly what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
import pytest

from pytest_jaxcost.cost import registry
from pytest_jaxcost.cost.price import price
from pytest_jaxcost.cost.record import NOTHING, Cost
from pytest_jaxcost.cost.registry import RULES, cost_rule, register

SINE = jax.make_jaxpr(jax.lax.sin)(jax.ShapeDtypeStruct((3,), "float32")).eqns[0]
BUILT_IN = Cost(flops=0, transcendentals=3, bytes_accessed=24)


@pytest.fixture(autouse=True)
def _rules_as_they_were() -> Iterator[None]:
    before = dict(RULES)
    yield
    RULES.clear()
    RULES.update(before)


def test_a_rule_from_outside_takes_the_place_of_the_built_in_one() -> None:
    assert price(SINE) == BUILT_IN

    @cost_rule("sin")
    def costly(eqn: Any) -> Cost:
        return Cost(flops=7 * eqn.invars[0].aval.shape[0], transcendentals=0, bytes_accessed=1)

    assert price(SINE) == Cost(flops=21, transcendentals=0, bytes_accessed=1)


def test_one_decorator_serves_several_primitives() -> None:
    @cost_rule("sin", "my_primitive")
    def free(eqn: Any) -> Cost:
        return NOTHING

    assert price(SINE) == NOTHING
    assert RULES["my_primitive"](SINE) == NOTHING


def test_a_rule_that_cannot_say_leaves_it_to_xla() -> None:
    register({"sin": lambda eqn: None})
    assert price(SINE) == BUILT_IN


def test_numpy_integers_become_integers() -> None:
    register({"sin": lambda eqn: Cost(flops=np.int64(3), transcendentals=0, bytes_accessed=0)})
    assert type(price(SINE).flops) is int


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (
            12,
            "the cost rule of sin returned 12; it returns a Cost, or None where it cannot say",
        ),
        (
            Cost(flops=1.5, transcendentals=0, bytes_accessed=0),
            "the cost rule of sin returned flops=1.5; it is an integer from 0 on",
        ),
        (
            Cost(flops=0, transcendentals=0, bytes_accessed=-4),
            "the cost rule of sin returned bytes_accessed=-4; it is an integer from 0 on",
        ),
    ],
)
def test_a_rule_that_returns_something_else_is_named(returned: object, message: str) -> None:
    register({"sin": lambda eqn: returned})
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        price(SINE)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            (),
            "cost_rule takes the names of primitives, as in @cost_rule('my_primitive'); got none",
        ),
        (
            ("a", 3),
            "cost_rule takes the names of primitives, as in @cost_rule('my_primitive'); got 'a', 3",
        ),
    ],
)
def test_names_are_strings(names: tuple[Any, ...], message: str) -> None:
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        cost_rule(*names)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({3: price}, "the name of a primitive is a string; got 3"),
        ({"sin": 3}, "the cost rule of sin is not callable; got 3"),
    ],
)
def test_what_a_hook_gives_is_checked(rules: Any, message: str) -> None:
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        register(rules)
    assert price(SINE) == BUILT_IN


def test_a_second_rule_of_this_package_for_one_primitive_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="sin has two rules"):
        registry.rule("sin")(price)


def test_costs_add_and_scale() -> None:
    cost = Cost(flops=1, transcendentals=2, bytes_accessed=3)
    assert cost + cost == cost.times(2)
    assert cost.times(0) == NOTHING
    assert NOTHING.is_bookkeeping
    assert not cost.is_bookkeeping
