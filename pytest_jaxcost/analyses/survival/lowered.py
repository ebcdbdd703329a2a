"""What one equation is lowered to: how many instructions do the work of one evaluation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import jax

from pytest_jaxcost import hlo
from pytest_jaxcost.cost.lowering import REFUSALS


def opcodes_of(primitive: str) -> frozenset[str]:
    """The opcodes of which one evaluation of the primitive has exactly one; none if not known."""
    return _OPCODES.get(primitive, frozenset())


def _table() -> Iterator[tuple[str, frozenset[str]]]:
    for primitives, opcodes in _ONE_EACH.items():
        for name in primitives.split():
            yield name, frozenset(opcodes.split())


_ONE_EACH: Mapping[str, str] = {
    "sin": "sine",
    "cos": "cosine",
    "tan": "tan",
    "tanh": "tanh",
    "exp": "exponential",
    "exp2": "exponential",
    "expm1": "exponential-minus-one",
    "log": "log",
    "log1p": "log-plus-one",
    "logistic": "logistic",
    "sqrt": "sqrt",
    "rsqrt": "rsqrt",
    "cbrt": "cbrt",
    "pow": "power",
    "atan2": "atan2",
    "erf": "erf",
    "abs": "abs",
    "neg": "negate",
    "sign": "sign",
    "floor": "floor",
    "ceil": "ceil",
    "round": "round-nearest-afz round-nearest-even",
    "is_finite": "is-finite",
    "add add_any": "add",
    "sub": "subtract",
    "mul square": "multiply",
    "div": "divide",
    "rem": "remainder",
    "max": "maximum",
    "min": "minimum",
    "and": "and",
    "or": "or",
    "xor": "xor",
    "not": "not",
    "eq ne lt le gt ge": "compare",
    "select_n": "select",
    "clamp": "clamp",
    "real": "real",
    "imag": "imag",
    "complex": "complex",
    "dot_general": "dot scaled-dot convolution custom-call",
    "ragged_dot_general": "ragged-dot dot custom-call",
    "conv_general_dilated": "convolution custom-call",
    "reduce_sum reduce_max reduce_min reduce_prod reduce_and reduce_or reduce_xor reduce": "reduce",
    "argmax argmin": "reduce",
    "cumsum cumprod cummax cummin cumlogsumexp": "reduce-window",
    "reduce_window reduce_window_sum reduce_window_max reduce_window_min": "reduce-window",
    "select_and_scatter_add select_and_scatter": "select-and-scatter",
    "sort": "sort custom-call",
    "top_k": "topk custom-call sort",
    "fft": "fft custom-call",
    "scatter scatter-add scatter-mul scatter-min scatter-max": "scatter",
    "cholesky": "cholesky custom-call",
    "triangular_solve": "triangular-solve custom-call",
    "lu eigh eig svd schur hessenberg geqrf geqp3 householder_product": "custom-call",
    "pure_callback io_callback debug_callback": "custom-call send",
    "rng_bit_generator": "rng-bit-generator",
    "psum psum_invariant pmax pmin": "all-reduce",
    "all_gather": "all-gather",
    "all_to_all": "all-to-all",
    "ppermute": "collective-permute",
    "reduce_scatter": "reduce-scatter",
}
"""Primitives, and the opcodes that a compiler may choose for them, one for one evaluation."""

_OPCODES: Mapping[str, frozenset[str]] = dict(_table())


class Kind(NamedTuple):
    """The instructions of one opcode, or the calls of one library function, in a lowering."""

    work: int
    executions: int
    instructions: int


class Alone(NamedTuple):
    """What one equation alone is lowered to."""

    kinds: Mapping[str, Kind]
    named: Mapping[str, int]
    """How many name which primitive: other ones where a lowering is written with other ones."""

    @property
    def names(self) -> frozenset[str]:
        """The primitives that they name."""
        return frozenset(self.named)


NOTHING = Alone({}, {})


def lowered_alone(eqn: Any) -> Alone:
    """What one equation is lowered to by itself; nothing where JAX cannot lower it alone."""
    try:
        lowered = jax.jit(partial(eqn.primitive.bind, **eqn.params)).lower(
            *(jax.ShapeDtypeStruct(var.aval.shape, var.aval.dtype) for var in eqn.invars)
        )
    except REFUSALS:
        return NOTHING
    pricing = hlo.price(hlo.read(lowered.as_text("hlo", debug_info=True)))
    works = [run for run in hlo.runs(pricing) if run.cost.flops or run.cost.transcendentals]
    names = (name.rpartition("/")[2] for run in works for name in _op_names(run.instruction))
    return Alone(_kinds(works), Counter(names))


def kind_of(instruction: hlo.Instruction, opcode: str) -> str:
    """The opcode or, of a custom call, the library function."""
    return instruction.target or opcode


def _kinds(works: Iterable[hlo.Run]) -> Mapping[str, Kind]:
    kinds: dict[str, Kind] = {}
    for run in works:
        name = kind_of(run.instruction, run.opcode)
        known = kinds.get(name, Kind(0, 0, 0))
        work = (run.cost.flops + run.cost.transcendentals) * run.executions
        kinds[name] = Kind(
            known.work + work, known.executions + run.executions, known.instructions + 1
        )
    return kinds


def _op_names(instruction: hlo.Instruction) -> tuple[str, ...]:
    return instruction.metadata.op_names if instruction.metadata else ()
