"""Loop counters: what lowering adds to a loop so that it ends, and to index what it scans."""

from __future__ import annotations

from pytest_jaxcost.hlo.costs import Key, Pricing

_DISCRETE = ("s", "u", "pred")


def counting(pricing: Pricing) -> frozenset[Key]:
    """Return the instructions on single integers that stand in a loop's body or condition itself.

    They step and test the counter, and work out the index of a slice.
    """
    module = pricing.module
    inside = {
        name
        for computation in map(module.computations.__getitem__, pricing.executions)
        for each in computation.instructions
        if each.opcode == "while"
        for name in (*each.called["body"], *each.called["condition"])
    }
    return frozenset(
        (name, each.name)
        for name in inside
        for each in module.computations[name].instructions
        if each.shape.elements is None
        and each.shape.size == 1
        and each.shape.dtype.startswith(_DISCRETE)
    )
