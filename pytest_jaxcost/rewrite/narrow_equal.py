"""An equation whose operands are equal along axes, computed on one slice and broadcast."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_jaxcost.ir.equation import Equation
from pytest_jaxcost.rewrite.axes_table import axes
from pytest_jaxcost.rewrite.edits import RewriteError
from pytest_jaxcost.rewrite.narrow import in_part, narrowed
from pytest_jaxcost.rewrite.narrow_edit import Instead
from pytest_jaxcost.rewrite.narrow_zeros import NO_ROW

NOT_ALONE = "its axes {axes} are not computed one position at a time"


def once(equation: Equation, constant: Sequence[int]) -> Instead:
    """What computes one slice of an equation along the axes `constant` of its first result.

    Raises:
        RewriteError: it does not compute its slices one by one.
    """
    eqn = equation.eqn
    found = axes(eqn)
    if found is None:
        raise RewriteError(NO_ROW.format(name=equation.primitive))
    letters = [found.results[0][axis] for axis in constant]
    wanted = in_part(
        eqn, found, {x: ((0, 1),) for x in letters if x is not None and x not in found.runs}
    )
    if not wanted:
        raise RewriteError(NOT_ALONE.format(axes=", ".join(map(str, constant))))
    return Instead(equation.inputs, narrowed(eqn, found, wanted, "equal"))
