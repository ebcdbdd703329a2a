"""One instruction where it stands: what a cost rule sees."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from pytest_jaxcost.hlo.asynchronous import result_shape
from pytest_jaxcost.hlo.cost import Cost
from pytest_jaxcost.hlo.records import Computation, Instruction, Shape

_INTEGER = re.compile(r"\d+")


class Site(NamedTuple):
    """An instruction, its computation, and the costs of the computations that it may apply."""

    computation: Computation
    instruction: Instruction
    totals: Mapping[str, Cost]

    @property
    def shape(self) -> Shape:
        """The shape of the result; of a started operation, what it finishes with."""
        return result_shape(self.computation, self.instruction)

    @property
    def array(self) -> Shape:
        """The result, or the first element of a result that is a tuple."""
        return self.shape.leaves[0]

    def operand(self, index: int) -> Shape:
        """The shape of an operand."""
        return self.computation.named[self.instruction.operands[index]].shape

    @property
    def operands(self) -> tuple[Shape, ...]:
        """The shapes of all operands."""
        named = self.computation.named
        return tuple([named[name].shape for name in self.instruction.operands])

    def integers(self, attribute: str) -> tuple[int, ...]:
        """The integers of an attribute such as `dimensions={0,1}`; none where it is absent."""
        text = self.instruction.attributes.get(attribute, "")
        return tuple(map(int, _INTEGER.findall(text)))

    def integer(self, attribute: str, default: int) -> int:
        """The integer of an attribute such as `feature_group_count=3`."""
        return int(self.instruction.attributes.get(attribute, default))

    def applied(self, attribute: str = "to_apply") -> Cost:
        """The work of one run of the computation that the attribute names."""
        (name,) = self.instruction.called[attribute]
        return self.totals[name]._replace(bytes_accessed=0)
