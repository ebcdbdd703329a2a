"""Which rule prices which primitive, and how users add their own.

A rule takes JAX's own equation (``.primitive.name``, ``.params``, ``.invars[i].aval``,
``.outvars[i].aval``) and returns what one run of it costs, or None where it cannot say; XLA is
asked then. The rules of this package do not check themselves; rules from outside are checked.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pytest_jaxcost.cost.record import Cost
from pytest_jaxcost.tables import into

Rule = Callable[[Any], Cost | None]
RuleT = TypeVar("RuleT", bound=Rule)

RULES: dict[str, Rule] = {}


class CostRuleError(TypeError):
    """A cost rule from outside raised, or returned something that is no cost."""


rule = into(RULES, "rules")
"""A decorator that prices primitives by a rule of this package."""


def cost_rule(*primitive_names: str) -> Callable[[RuleT], RuleT]:
    """A decorator that prices primitives of your own, or JAX's in another way.

    ::

        @cost_rule("my_attention")
        def attention(eqn):
            batch, length, width = eqn.invars[0].aval.shape
            flops = 4 * batch * length * length * width
            return Cost(flops=flops, transcendentals=batch * length * length, bytes_accessed=0)

    Raises:
        TypeError: a name is no string, there is no name, or what is decorated is not callable.
    """
    if not primitive_names or not all(isinstance(name, str) for name in primitive_names):
        raise TypeError(
            "cost_rule takes the names of primitives, as in @cost_rule('my_primitive'); "
            f"got {', '.join(map(repr, primitive_names)) or 'none'}"
        )

    def add(function: RuleT) -> RuleT:
        register(dict.fromkeys(primitive_names, function))
        return function

    return add


def register(rules: Mapping[str, Rule]) -> None:
    """Price primitives by rules from outside; they take the place of the rules that were there.

    Raises:
        TypeError: a name is no string or a rule is not callable.
    """
    for name, function in rules.items():
        if not isinstance(name, str):
            raise TypeError(f"the name of a primitive is a string; got {name!r}")
        if not callable(function):
            raise TypeError(f"the cost rule of {name} is not callable; got {function!r}")
    RULES.update({name: checked(name, function) for name, function in rules.items()})


def checked(name: str, function: Rule) -> Rule:
    """`function`, raising CostRuleError for anything but None or a Cost of integers from 0 on."""

    @functools.wraps(function)
    def price(eqn: Any) -> Cost | None:
        try:
            cost: object = function(eqn)
        except Exception as error:  # the author of the rule is told, whatever it is
            raise CostRuleError(
                f"the cost rule of {name} raised {type(error).__name__}: {error}"
            ) from error
        if cost is None:
            return None
        if not isinstance(cost, Cost):
            raise CostRuleError(
                f"the cost rule of {name} returned {cost!r}; it returns a Cost, or None where it "
                "cannot say"
            )
        return Cost(
            flops=_count(name, "flops", cost.flops),
            transcendentals=_count(name, "transcendentals", cost.transcendentals),
            bytes_accessed=_count(name, "bytes_accessed", cost.bytes_accessed),
        )

    return price


def _count(name: str, field: str, value: object) -> int:
    try:
        count = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        count = -1
    if count < 0:
        raise CostRuleError(
            f"the cost rule of {name} returned {field}={value!r}; it is an integer from 0 on"
        )
    return count
