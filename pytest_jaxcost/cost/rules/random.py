"""Random bits."""

from __future__ import annotations

from math import prod
from typing import Any

from pytest_jaxcost.cost.record import Cost
from pytest_jaxcost.cost.registry import rule
from pytest_jaxcost.cost.sizes import elements, touching

ROUND = 5
"""Add; rotate by two shifts and an or; exclusive or."""
INJECTION = 3
"""Add a word of the key to each word, and the number of the injection to the second."""
THREEFRY = 2 + 5 * (4 * ROUND + INJECTION)
"""Integer flops of a block of two words: the key is added, then five times four rounds are run."""


@rule("threefry2x32")
def threefry2x32(eqn: Any) -> Cost:
    """117 integer flops for each block of two words, and 2 for each key's third word.

    Source: Salmon et al., Parallel random numbers: as easy as 1, 2, 3 (2011), Threefry-2x32 with 20
    rounds. XLA counts the loop that JAX writes for CPUs once, where it runs five times.
    """
    blocks = prod(eqn.outvars[0].aval.shape)
    keys = elements(eqn.invars[0].aval)
    return touching(eqn, THREEFRY * blocks + 2 * keys)
