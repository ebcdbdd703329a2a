"""Residuals: the values that the forward pass keeps for the backward pass.

They are what ``jax.checkpoint`` trades for recomputation. Arguments and captured arrays are read
in the backward pass too, but they are there anyway.
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.registry import analysis
from pytest_jaxcost.cost.sizes import nbytes
from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.equation import Region
from pytest_jaxcost.report.records import Finding, Findings

BACKWARD = (where.TRANSPOSE, where.RECOMPUTE)
HINT = "jax.checkpoint with a policy chooses what is kept and what is computed again"


@analysis("residuals", "JC502")
def residuals(facts: Facts) -> Findings:
    """One finding per value that a forward equation makes and a backward equation reads."""
    return Findings(
        finding for region in facts.program.regions() for finding in _kept_in(facts, region)
    )


def _kept_in(facts: Facts, region: Region) -> Iterator[Finding]:
    makers: dict[int, Occurrence] = {}
    for equation in region.equations:
        if not is_live(equation, facts.live):
            continue
        if where.phase(equation) not in BACKWARD:
            makers |= dict.fromkeys(equation.outputs, Occurrence(region, equation))
            continue
        for value in equation.inputs:
            maker = makers.pop(value, None)  # a value is kept once, whoever reads it
            if maker is not None:
                size = nbytes(facts.program.avals[value])
                yield facts.finding("residuals", [maker], hint=HINT, nbytes=size, bookkeeping=False)
