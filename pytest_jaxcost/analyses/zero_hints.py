"""Why there are zeros, and what to write instead, in JAX's words."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import NamedTuple

from pytest_jaxcost.analyses.apart import Apart
from pytest_jaxcost.analyses.derivative_calls import derivative
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.subjects import Subject, located, verb
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.flow.zeros.depth import depth, derivatives
from pytest_jaxcost.flow.zeros.pattern import ZeroOrigin
from pytest_jaxcost.flow.zeros.work import ZeroWork
from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.equation import Equation
from pytest_jaxcost.report.amounts import show
from pytest_jaxcost.report.records import Finding

MOST_NAMED = 4
"""Slices of a vector that a hint names."""

WORTH_IT = 0.9
"""What is left at most of the flops where pushing sums of tangents is worth its trouble."""


class Cause(Enum):
    """What made the zeros that an equation works on."""

    SEEDS = auto()
    """The part of a basis that belongs to other arguments, or other outputs."""
    SLICE_SEEDS = auto()
    """The part of a basis that belongs to other arguments, which a vector holds along with it."""
    ZERO_SEED = auto()
    """A tangent or cotangent of zeros, given from outside the derivative."""
    ZERO_TANGENT = auto()
    """Zeros made inside a derivative, where a rule wants an array."""
    ZEROS = auto()
    CAPTURED = auto()
    """An array of zeros that the function closes over."""
    DIAGONAL = auto()
    IDENTITY = auto()
    """A product with rows of an identity."""
    BASIS = auto()
    """A basis that is pushed through a derivative, which is how Jacobians are made."""
    PADDING = auto()
    PART_USED = auto()
    """Padding that the derivative of a slice makes."""


REVERSIBLE = frozenset({Cause.SEEDS, Cause.SLICE_SEEDS, Cause.ZERO_SEED})
"""What tangents and cotangents have in common."""


class Saving(NamedTuple):
    """The flops that writing it otherwise avoids in a finding's function, and the whole then."""

    here: int
    rewritten: Apart


class Wasted(NamedTuple):
    """An equation that works on zeros, and why."""

    occurrence: Occurrence
    work: ZeroWork
    cause: Cause


PLACES = frozenset({"pad", "dynamic_update_slice", "scatter", "scatter-add"})
"""What the transposes of a slice, of a slice that starts somewhere, and of a gather are."""


def cause_of(work: ZeroWork, equation: Equation) -> Cause:
    """Why `equation` works on zeros."""
    origin, around = work.origin, depth(equation)
    maker = origin.equation
    is_slice = origin.kind == "slice"
    outside = is_slice or around > (0 if maker is None else depth(maker))
    if work.picks:
        picked = Cause.DIAGONAL if work.picks == "diagonal" else Cause.IDENTITY
        return Cause.BASIS if outside else picked
    if is_slice:
        return Cause.SLICE_SEEDS
    if origin.kind == "zeros":
        inside = Cause.ZERO_TANGENT if around else Cause.ZEROS
        return Cause.ZERO_SEED if outside and maker is not None else inside
    if origin.kind == "constant" and not work.size:
        return Cause.CAPTURED
    if outside and origin.kind != "padding":
        return Cause.SEEDS if origin.kind == "part" else Cause.BASIS
    is_used_in_part = maker is not None and maker.primitive in PLACES and _is_transposed(maker)
    return Cause.PART_USED if is_used_in_part else Cause.PADDING


class Advice(NamedTuple):
    """What a hint says of an equation; findings of the same advice share it, and what it saves.

    Of `size` tangents `zeros` are zero; both are 0 where it is not known how many are.
    """

    cause: Cause
    zeros: int
    size: int
    function: str
    is_reverse: bool

    def text(self, saving: Saving) -> str:
        """What to write instead, and what that saves."""
        vectors = "cotangents" if self.is_reverse else "tangents"
        moves, moved = ("pulls", "pulled") if self.is_reverse else ("pushes", "pushed")
        return _HINTS[self.cause].format(
            zeros=f"{self.zeros:,} of {self.size:,}" if self.size else "some",
            function=self.function,
            slices=_slices(saving.rewritten),
            avoided=show(saving.here, "flop"),
            left=show(saving.rewritten.flops, "flop"),
            together=_together(saving.rewritten, vectors, moved),
            tangents=vectors,
            moves=moves,
            jacobian="jax.jacrev" if self.is_reverse else "jax.jacfwd",
            argument="output" if self.is_reverse else "argument",
        )


def advice(cause: Cause, work: ZeroWork, equation: Equation, finding: Finding) -> Advice:
    """What to say of an equation that works on zeros."""
    if cause not in REVERSIBLE:
        return Advice(cause, 0, 0, "", False)
    function = finding.places[0].function if finding.places else "this function"
    zeros, size = (work.zeros, work.size) if _counts_seeds(work) else (0, 0)
    return Advice(cause, zeros, size, function, _is_pulled(work.origin, equation))


def sentence(facts: Facts, wasted: Wasted, subjects: Sequence[Subject]) -> str:
    """What happens to the costliest of the equations that have one cause."""
    work, equation = wasted.work, wasted.occurrence.equation
    is_reverse = wasted.cause in REVERSIBLE and _is_pulled(work.origin, equation)
    zeros, size = (work.zeros, work.size) if _counts_seeds(work) else (0, 0)
    return _SENTENCES[wasted.cause].format(
        derivative=derivative(facts, equation).text,
        zeros=f"{zeros:,} of {size:,}" if size else "some",
        moves="pulls" if is_reverse else "pushes",
        tangents="cotangents" if is_reverse else "tangents",
        subject=located(subjects),
        do=verb(subjects, "work", "works"),
        multiply=verb(subjects, "multiply", "multiplies"),
    )


def _counts_seeds(work: ZeroWork) -> bool:
    """Whether positions are tangents: an axis that a reshape merged with another has more."""
    maker = work.origin.equation
    return maker is not None and work.size in maker.eqn.invars[0].aval.shape


def _slices(rewritten: Apart) -> str:
    """The parts of a vector, as slices of it."""
    if not rewritten.slices:
        return "parts"
    named = [f"[{start}:{stop}]" for start, stop in rewritten.slices[:MOST_NAMED]]
    more = len(rewritten.slices) - len(named)
    return "slices " + ", ".join([*named, *([f"{more:,} more"] if more else [])])


def _together(rewritten: Apart, vectors: str, moved: str) -> str:
    """What it takes if vectors that never meet are one, where that is less."""
    if not rewritten.colors or rewritten.colored_flops > WORTH_IT * rewritten.flops:
        return ""
    return (
        f", or {show(rewritten.colored_flops, 'flop')} with {rewritten.colors:,} {vectors}, if "
        f"those that reach no element in common are {moved} as their sum"
    )


def _is_pulled(origin: ZeroOrigin, equation: Equation) -> bool:
    """Whether seeds are cotangents: the derivative that takes them is the outermost but theirs."""
    is_outside = origin.equation is not None and origin.kind != "slice"
    known = len(derivatives(origin.equation)) if is_outside and origin.equation else 0
    return derivatives(equation)[known] == where.TRANSPOSE


def _is_transposed(equation: Equation) -> bool:
    return (where.TRANSPOSE, True) in where.name_stack(equation)


_VECTORS = "{derivative} {moves} {zeros} {tangents} through {subject} that are zero"
_SENTENCES = {
    Cause.SEEDS: _VECTORS,
    Cause.SLICE_SEEDS: _VECTORS,
    Cause.ZERO_SEED: "{derivative} is given {tangents} of zeros, which go through {subject}",
    Cause.ZERO_TANGENT: "{subject} {do} on zeros that a derivative rule makes",
    Cause.ZEROS: "{subject} {do} on an array of zeros",
    Cause.CAPTURED: "{subject} {do} on an array of zeros that the function closes over",
    Cause.DIAGONAL: "{subject} {multiply} by a diagonal matrix",
    Cause.IDENTITY: "{subject} {multiply} by rows of an identity",
    Cause.BASIS: "{derivative} pushes a basis through {subject}",
    Cause.PADDING: "{subject} {do} on padding for the most part",
    Cause.PART_USED: "only a part of {subject} is used",
}

_HINTS = {
    Cause.SEEDS: (
        "{zeros} {tangents} through {function} are structurally zero; one {jacobian} for each "
        "{argument} {moves} only the others and avoids {avoided} here; all of them would cost "
        "about {left}{together}"
    ),
    Cause.SLICE_SEEDS: (
        "{zeros} {tangents} through {function} are structurally zero; take the {slices} out of the "
        "vector before it is differentiated, as {argument}s of their own: one {jacobian} for each "
        "{moves} only the others and avoids {avoided} here; all of them would cost about "
        "{left}{together}"
    ),
    Cause.ZERO_SEED: (
        "it is given {tangents} of zeros; differentiate with respect to the other arguments "
        "alone, and close over those that do not vary"
    ),
    Cause.ZERO_TANGENT: (
        "an operand is zeros throughout; leave the term out, in a custom rule by "
        "symbolic_zeros=True"
    ),
    Cause.ZEROS: "an operand is zeros throughout; leave the term out",
    Cause.CAPTURED: (
        "the function closes over an array of zeros; leave the term out, or pass the array as an "
        "argument if it stands for data"
    ),
    Cause.DIAGONAL: "an operand is diagonal; multiply by its diagonal elementwise",
    Cause.IDENTITY: "an operand is rows of an identity; index the other one, or leave it as it is",
    Cause.BASIS: "a basis is pushed through the derivative, as Jacobians are made",
    Cause.PADDING: "most of it is zeros; compute on the part that is not, and pad the result",
    Cause.PART_USED: "only a part of the result is used; slice first and compute on the part",
}
