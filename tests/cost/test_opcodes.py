"""Every primitive that works is looked for under an opcode that its program really has."""

from __future__ import annotations

from collections.abc import Iterator

import jax

from pytest_jaxcost.cost.opcodes import opcodes_of
from pytest_jaxcost.cost.price import price
from pytest_jaxcost.hlo import read
from pytest_jaxcost.ir.inline import inline
from tests.cost.programs import Program
from tests.cost.test_agreement import PROGRAMS
from tests.cost.test_primitives import names

MANY = names(
    """
    acos acosh asin asinh atanh bessel_i0e bessel_i1e cholesky_update conj cosh digamma erf_inv
    erfc gather igamma igamma_grad_a igammac integer_pow lgamma log2 nextafter one_minus_square
    polygamma polynomial random_bits random_fold_in random_split reciprocal
    regularized_incomplete_beta sinh threefry2x32 zeta
    """
)
"""Primitives that are written out in several instructions, none of which stands for them alone."""


def first_programs() -> Iterator[tuple[str, Program]]:
    """The primitives that work, each with the first program that has one."""
    seen: set[str] = set()
    for made in PROGRAMS.values():
        with jax.enable_x64(made.wide):
            jaxpr = jax.make_jaxpr(made.function)(*made.args)
            for _, equation in inline(jaxpr).walk():
                if equation.control is None and equation.primitive not in seen:
                    cost = price(equation.eqn)
                    if cost is not None and cost.operations:
                        seen.add(equation.primitive)
                        yield equation.primitive, made


def opcodes_in(made: Program) -> set[str]:
    with jax.enable_x64(made.wide):
        text = jax.jit(made.function).lower(*made.args).as_text("hlo")
    computations = read(text).computations.values()
    return {each.opcode for computation in computations for each in computation.instructions}


def test_a_primitive_that_works_has_opcodes_that_its_program_has() -> None:
    programs = dict(first_programs())
    assert len(programs) > 100
    wrong = {
        name
        for name, made in programs.items()
        if name not in MANY and opcodes_of(name).isdisjoint(opcodes_in(made))
    }
    assert wrong == set()


def test_what_is_written_out_in_several_instructions_has_no_opcode() -> None:
    assert not any(opcodes_of(name) for name in MANY)
