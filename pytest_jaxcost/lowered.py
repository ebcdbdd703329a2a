"""The lowered stage: the program as JAX hands it to the compiler, read from its HLO.

It takes what ``jax.stages.Traced.lower`` returns, whatever the target. No loop says how often it
runs here: that follows from its counter, and where it does not, counts are lower bounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from pytest_jaxcost import hlo
from pytest_jaxcost.hlo.program import Attempt, HloProgram

NO_TEXT = "JAX does not show the lowered program"
NOT_ALLOCATED = "memory is allocated when the program is compiled"


class Lowered:
    """One lowered program. A number that nothing tells is None, and ``reasons`` says why.

    Amounts are those of the whole program; a mesh divides it among its devices when it is compiled,
    but for the body of a ``shard_map``, which stands here for one device.
    """

    temp_bytes: int | None = None
    peak_bytes: int | None = None
    reasons: Mapping[str, str] = dict.fromkeys(("temp_bytes", "peak_bytes"), NOT_ALLOCATED)

    def __init__(self, lowered: Any, attempt: Attempt | None = None) -> None:
        self.program = HloProgram(lambda: _text(lowered), hidden=NO_TEXT, attempt=attempt)

    @property
    def bounds(self) -> frozenset[str]:
        """The counts that are lower bounds."""
        return self.program.bounds

    @property
    def caveats(self) -> tuple[str, ...]:
        """Why counts are lower bounds."""
        return self.program.caveats

    @cached_property
    def argument_bytes(self) -> int | None:
        """Size of the arguments that the program takes: JAX drops those that nothing reads."""
        parameters = () if self._entry is None else self._entry.parameters
        return None if self._entry is None else sum(each.shape.nbytes for each in parameters)

    @cached_property
    def output_bytes(self) -> int | None:
        """Size of the results."""
        return None if self._entry is None else self._entry.root.shape.nbytes

    @property
    def _entry(self) -> hlo.Computation | None:
        module = None if self.program.pricing is None else self.program.pricing.module
        return None if module is None else module.computations[module.entry]


def _text(lowered: Any) -> str | None:
    text = lowered.as_text("hlo", debug_info=True)
    return None if text is None else str(text)
