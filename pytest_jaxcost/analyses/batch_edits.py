"""The program without batch invariants: one slice of each equation, broadcast."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_jaxcost.analyses.zero_edits import placed
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.rewrite.edits import Replace
from pytest_jaxcost.rewrite.narrow_edit import Reason
from pytest_jaxcost.rewrite.narrow_equal import once


def edits_of_batch_invariants(
    repeated: Sequence[tuple[Occurrence, Sequence[tuple[int, int]]]],
) -> list[Replace | Reason]:
    """What computes one slice of each equation, or why nothing does.

    `repeated` gives equations with the axes of their first result that they are constant along, and
    the sizes of these axes.
    """
    return [
        placed(occurrence, once(occurrence.equation, [axis for axis, _ in sizes]))
        for occurrence, sizes in repeated
    ]
