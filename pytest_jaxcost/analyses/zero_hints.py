"""Why there are zeros, and what to write instead, in JAX's words."""

from __future__ import annotations

from enum import Enum, auto

from pytest_jaxcost.flow.zeros.depth import DERIVATIVES, depth
from pytest_jaxcost.flow.zeros.pattern import Origin
from pytest_jaxcost.flow.zeros.work import ZeroWork
from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.equation import Equation
from pytest_jaxcost.report.amounts import show
from pytest_jaxcost.report.records import Finding


class Cause(Enum):
    """What made the zeros that an equation works on."""

    SEEDS = auto()
    """The part of a basis that belongs to other arguments, or other outputs."""
    ZERO_SEED = auto()
    """A tangent or cotangent of zeros, given from outside the derivative."""
    ZERO_TANGENT = auto()
    """Zeros made inside a derivative, where a rule wants an array."""
    ZEROS = auto()
    DIAGONAL = auto()
    BASIS = auto()
    """A basis that is pushed through a derivative, which is how Jacobians are made."""
    PADDING = auto()
    PART_USED = auto()
    """Padding that the derivative of a slice makes."""


def cause_of(origin: Origin, equation: Equation) -> Cause:
    """Why `equation` works on zeros that come from `origin`."""
    maker = origin.equation
    outside = depth(equation) > (0 if maker is None else depth(maker))
    if origin.kind == "part":
        return Cause.SEEDS if outside else Cause.PADDING
    if origin.kind == "basis":
        return Cause.BASIS if outside else Cause.DIAGONAL
    if origin.kind == "constant":
        return Cause.BASIS if outside else Cause.PADDING
    if origin.kind == "padding":
        is_slice = maker is not None and maker.primitive == "pad" and _is_transposed(maker)
        return Cause.PART_USED if is_slice else Cause.PADDING
    if maker is None:
        return Cause.ZEROS
    if outside:
        return Cause.ZERO_SEED
    return Cause.ZERO_TANGENT if depth(equation) else Cause.ZEROS


def zero_hint(
    cause: Cause, work: ZeroWork, equation: Equation, finding: Finding, flops: int
) -> str:
    """What to write instead; `flops` is what that avoids in the function of the finding."""
    function = finding.places[0].function if finding.places else "this function"
    reverse = cause in (Cause.SEEDS, Cause.ZERO_SEED) and _is_pulled(work.origin, equation)
    return _HINTS[cause].format(
        zeros=f"{work.zeros:,} of {work.size:,}",
        function=function,
        avoided=show(flops, "flop"),
        tangents="cotangents" if reverse else "tangents",
        jacobian="jax.jacrev" if reverse else "jax.jacfwd",
        argument="output" if reverse else "argument",
    )


def _is_pulled(origin: Origin, equation: Equation) -> bool:
    """Whether seeds are cotangents: the derivative that takes them is the outermost but theirs."""
    around = [name for name, derivative in where.name_stack(equation) if derivative]
    inside = [name for name in around if name in DERIVATIVES]
    maker = origin.equation
    return inside[0 if maker is None else depth(maker)] == where.TRANSPOSE


def _is_transposed(equation: Equation) -> bool:
    return (where.TRANSPOSE, True) in where.name_stack(equation)


_HINTS = {
    Cause.SEEDS: (
        "{zeros} {tangents} through {function} are structurally zero; one {jacobian} for each "
        "{argument} pushes only the others and avoids {avoided} here"
    ),
    Cause.ZERO_SEED: (
        "it is given {tangents} of zeros; differentiate with respect to the other arguments "
        "alone, and close over those that do not vary"
    ),
    Cause.ZERO_TANGENT: (
        "a zero of the derivative was made an array; a custom rule with symbolic_zeros=True can "
        "leave its term out"
    ),
    Cause.ZEROS: "an operand is zeros throughout; leave the term out",
    Cause.DIAGONAL: (
        "an operand is diagonal; multiply by its diagonal elementwise, and by an identity not "
        "at all"
    ),
    Cause.BASIS: "a basis is pushed through the derivative, as Jacobians are made",
    Cause.PADDING: "more than half of it is padding; compute first and pad the result",
    Cause.PART_USED: "only a part of the result is used; slice first and compute on the part",
}
