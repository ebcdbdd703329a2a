"""Elementwise programs: every primitive in every class of dtype that it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from jax import lax

from tests.cost.programs import COMPLEX, FLOATS, INTEGERS, Program, program

UNARY: dict[Callable[..., Any], tuple[str, ...]] = {
    lax.abs: (*FLOATS, "i8", "i32", *COMPLEX),
    lax.neg: (*FLOATS, *INTEGERS, *COMPLEX),
    lax.sign: (*FLOATS, *INTEGERS, *COMPLEX),
    lax.floor: FLOATS,
    lax.ceil: FLOATS,
    lax.round: FLOATS,
    lax.is_finite: FLOATS,
    lax.exp: (*FLOATS, *COMPLEX),
    lax.exp2: (*FLOATS, *COMPLEX),
    lax.log: (*FLOATS, *COMPLEX),
    lax.log1p: (*FLOATS, *COMPLEX),
    lax.expm1: (*FLOATS, *COMPLEX),
    lax.sin: (*FLOATS, *COMPLEX),
    lax.cos: (*FLOATS, *COMPLEX),
    lax.tan: (*FLOATS, *COMPLEX),
    lax.asin: (*FLOATS, *COMPLEX),
    lax.acos: (*FLOATS, *COMPLEX),
    lax.atan: (*FLOATS, *COMPLEX),
    lax.sinh: (*FLOATS, *COMPLEX),
    lax.cosh: (*FLOATS, *COMPLEX),
    lax.tanh: (*FLOATS, *COMPLEX),
    lax.asinh: (*FLOATS, *COMPLEX),
    lax.acosh: (*FLOATS, *COMPLEX),
    lax.atanh: (*FLOATS, *COMPLEX),
    lax.sqrt: (*FLOATS, *COMPLEX),
    lax.rsqrt: (*FLOATS, *COMPLEX),
    lax.cbrt: FLOATS,
    lax.square: (*FLOATS, *INTEGERS, *COMPLEX),
    lax.logistic: (*FLOATS, *COMPLEX),
    lax.erf: FLOATS,
    lax.erfc: FLOATS,
    lax.erf_inv: FLOATS,
    lax.lgamma: FLOATS,
    lax.digamma: FLOATS,
    lax.bessel_i0e: FLOATS,
    lax.bessel_i1e: FLOATS,
    lax.bitwise_not: (*INTEGERS, "bool"),
    lax.population_count: INTEGERS,
    lax.clz: INTEGERS,
    lax.real: COMPLEX,
    lax.imag: COMPLEX,
    lax.conj: ("f32", *COMPLEX),
}

BINARY: dict[Callable[..., Any], tuple[str, ...]] = {
    lax.add: (*FLOATS, *INTEGERS, *COMPLEX),
    lax.sub: (*FLOATS, *INTEGERS, *COMPLEX),
    lax.mul: (*FLOATS, *INTEGERS, *COMPLEX),
    lax.div: (*FLOATS, *INTEGERS, *COMPLEX),
    lax.rem: (*FLOATS, *INTEGERS),
    lax.max: (*FLOATS, *INTEGERS, "bool", *COMPLEX),
    lax.min: (*FLOATS, *INTEGERS, "bool", *COMPLEX),
    lax.pow: (*FLOATS, *COMPLEX),
    lax.atan2: (*FLOATS, *COMPLEX),
    lax.nextafter: FLOATS,
    lax.complex: ("f32", "f64"),
    lax.eq: (*FLOATS, *INTEGERS, "bool", *COMPLEX),
    lax.ne: (*FLOATS, *INTEGERS, "bool", *COMPLEX),
    lax.lt: (*FLOATS, *INTEGERS, "bool"),
    lax.le: (*FLOATS, *INTEGERS, "bool"),
    lax.gt: (*FLOATS, *INTEGERS, "bool"),
    lax.ge: (*FLOATS, *INTEGERS, "bool"),
    lax.bitwise_and: (*INTEGERS, "bool"),
    lax.bitwise_or: (*INTEGERS, "bool"),
    lax.bitwise_xor: (*INTEGERS, "bool"),
    lax.shift_left: INTEGERS,
    lax.shift_right_logical: INTEGERS,
    lax.shift_right_arithmetic: INTEGERS,
    lax.polygamma: FLOATS,
    lax.zeta: FLOATS,
}


for _name in ("log2", "one_minus_square"):  # from JAX 0.11
    if _name in vars(lax):
        UNARY[getattr(lax, _name)] = (*FLOATS, *COMPLEX)


def _elementwise() -> Iterator[Program]:
    for operations, operands in ((UNARY, 1), (BINARY, 2)):
        for function, dtypes in operations.items():
            for dtype in dtypes:
                yield program(
                    f"{function.__name__} {dtype}", function, *[f"{dtype}[3,7]"] * operands
                )
    for exponent in (-3, -2, -1, 1, 2, 3, 5, 6, 10, 15, 31):
        for dtype in ("f32", "i32", "c64") if exponent > 0 else ("f32", "c64"):
            yield program(
                f"integer_pow {exponent} {dtype}",
                lambda x, y=exponent: lax.integer_pow(x, y),
                f"{dtype}[3,7]",
            )
    for dtype in (*FLOATS, *INTEGERS, "bool"):
        x = f"{dtype}[3,7]"
        yield program(f"select_n {dtype}", lax.select_n, "bool[3,7]", x, x)
        yield program(f"clamp {dtype}", lax.clamp, f"{dtype}[]", x, f"{dtype}[]")
    yield from (
        program("igamma", lax.igamma, "f32[3,7]", "f32[3,7]"),
        program("igammac", lax.igammac, "f64[3,7]", "f64[3,7]"),
        program("igamma_grad_a", lax.igamma_grad_a, "f32[3,7]", "f32[3,7]"),
        program("betainc", lax.betainc, *["f32[3,7]"] * 3),
        program("sin of a scalar", lax.sin, "f32[]"),
        program("sinh of a scalar", lax.sinh, "f32[]"),
        program("sinh of nothing", lax.sinh, "f32[0,3]"),
        program("lgamma of a scalar", lax.lgamma, "f32[]"),
        program("lgamma of many", lax.lgamma, "f32[100,30]"),
        program("erf_inv of many", lax.erf_inv, "bf16[100,30]"),
        program("add a literal", lambda x: x + 2, "f32[3,7]"),
        program("power of a literal", lambda x: lax.pow(2.0, x), "f32[3,7]"),
        program("clamp by arrays", lax.clamp, "f32[3,7]", "f32[3,7]", "f32[3,7]"),
        program("select_n by a scalar", lax.select_n, "bool[]", "f32[3,7]", "f32[3,7]"),
        program("select_n by integers", lax.select_n, "i32[3,7]", "f32[3,7]", "f32[3,7]"),
        program("select_n of 3", lax.select_n, "i32[3,7]", *["f32[3,7]"] * 3),
        program("select_n of 3 by a scalar", lax.select_n, "i32[]", *["f32[3,7]"] * 3),
        program("select_n of 5", lax.select_n, "i32[3,7]", *["f32[3,7]"] * 5),
        program("reduce_precision", lambda x: lax.reduce_precision(x, 5, 5), "f32[3,7]"),
    )


PROGRAMS = tuple(_elementwise())
