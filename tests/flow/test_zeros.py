"""Spans and patterns: exact where they can be, bounded where they cannot."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from pytest_jaxcost.flow.zeros import interpret
from pytest_jaxcost.flow.zeros import spans as sets
from pytest_jaxcost.flow.zeros.interpret import known_values
from pytest_jaxcost.flow.zeros.pattern import Index, Known, Pattern, fits
from pytest_jaxcost.flow.zeros.spans import Spans
from pytest_jaxcost.ir.inline import inline
from tests.flow.zero_claims import may_be_nonzero

SIZE = 6


def positions(spans: Spans) -> set[int]:
    return {k for start, stop in spans for k in range(start, stop)}


ALL = [
    sets.union([((k, k + 1),) for k in range(SIZE) if mask >> k & 1]) for mask in range(1 << SIZE)
]


@pytest.mark.parametrize("spans", ALL[::7])
def test_sets_of_positions(spans: Spans) -> None:
    mine = positions(spans)
    assert sets.count(spans) == len(mine)
    assert positions(sets.repeated(spans, 3)) == {3 * k + r for k in mine for r in range(3)}
    for other in ALL:
        theirs = positions(other)
        assert positions(sets.union([spans, other])) == mine | theirs
        assert positions(sets.intersection(spans, other)) == mine & theirs
    for by, sign in product((-2, 0, 3), (1, -1)):
        moved = {sign * k + by for k in mine} & set(range(SIZE))
        assert positions(sets.moved(spans, by, SIZE, sign)) == moved
    for start, stop, stride in product((0, 1), (4, 6), (1, 2, 3)):
        taken = {i for i, k in enumerate(range(start, stop, stride)) if k in mine}
        assert positions(sets.strided(spans, start, stop, stride)) == taken


def test_many_intervals_close_their_smallest_gaps() -> None:
    many = sets.union([((10 * k, 10 * k + (9 if k == 3 else 5)),) for k in range(20)])
    assert len(many) == sets.MOST
    assert (30, 39) not in many  # the gap after it is the smallest one
    assert positions(many) >= {10 * k for k in range(20)}


X = np.float32(np.linspace(0.5, 2.0, 24).reshape(4, 6))


def basis_of_two(x: Any) -> Any:
    return jnp.split(jnp.eye(10, dtype=x.dtype), [4], axis=1)[1]


EXACT: dict[str, Callable[[Any], Any]] = {
    "basis": lambda x: jnp.eye(4, 6),
    "shifted basis": lambda x: jnp.eye(4, 6, k=2),
    "part of a basis": basis_of_two,
    "part of a basis in two axes": lambda x: basis_of_two(x).reshape(10, 2, 3),
    "its transpose backwards": lambda x: basis_of_two(x).T[::-1],
    "two axes in one": lambda x: jnp.pad(x, ((1, 2), (0, 0))).reshape(-1),
    "one axis in two": lambda x: jnp.pad(x, ((1, 2), (0, 0))).reshape(-1).reshape(7, 2, 3),
    "a product of rows and columns": lambda x: jnp.pad(x, 1) * jnp.pad(x, ((0, 2), (2, 0))),
    "two parts joined": lambda x: jnp.concatenate([x, jnp.zeros((2, 6)), x]),
    "a part of them": lambda x: jnp.concatenate([x, jnp.zeros((2, 6)), x])[3:8],
    "a dot with padding": lambda x: x @ jnp.pad(x.T, ((0, 0), (2, 3))),
    "a dot with a part of a basis": lambda x: basis_of_two(x) @ x.T,
    "a dot of a basis and a basis": lambda x: jnp.eye(4, 6) @ jnp.eye(6, 5, k=1),
    "a diagonal": lambda x: jnp.diag(x[0]),
    "a mask": lambda x: jnp.where(jnp.arange(6) < 2, x, 0.0),
    "a mask from above": lambda x: jnp.where(2 * jnp.arange(6) >= 7, x, 0.0),
    "one row set": lambda x: jnp.zeros((4, 6)).at[2].set(x[0]),
    "a sum": lambda x: jnp.pad(x, ((0, 3), (0, 0))).sum(1),
    "a sum so far": lambda x: jnp.cumsum(jnp.pad(x, ((2, 3), (0, 0))), axis=0),
    "a captured array": lambda x: jnp.asarray(np.float32(np.arange(8) // 6)) * x[0, 0],
    "a captured identity": lambda x: x[0, 0] * np.eye(4, dtype=np.float32),
    "a stack in a loop": lambda x: lax.scan(lambda c, row: (c, jnp.pad(row, 2)), 0.0, x)[1],
    "rows in a loop": lambda x: lax.scan(
        lambda c, row: (c, 2 * row), 0.0, jnp.pad(x, ((0, 0), (0, 3)))
    )[1],
    "a carry": lambda x: lax.fori_loop(0, 3, lambda k, c: c * 2, jnp.pad(x, 1)),
    "a branch": lambda x: lax.cond(
        x[0, 0] > 0,
        lambda x: jnp.pad(x, ((0, 4), (0, 0))),
        lambda x: jnp.pad(x, ((0, 4), (0, 0))),
        x,
    ),
}


@pytest.mark.parametrize("name", EXACT)
def test_what_is_known_is_all_that_is_zero(name: str) -> None:
    value = EXACT[name](X)
    claim = claim_of(EXACT[name], X)
    assert isinstance(claim, Pattern)
    np.testing.assert_array_equal(may_be_nonzero(claim, value.shape), np.asarray(value) != 0)


def claim_of(function: Callable[..., Any], *args: Any) -> Known:
    program = inline(jax.make_jaxpr(function)(*args))
    return known_values(program)[program.main.results[0]]


def test_nothing_is_known_of_most_values() -> None:
    for function in (jnp.cos, jnp.sum, lambda x: x @ x.T, lambda x: x.T[::2], lambda x: x + 0.0):
        assert claim_of(function, X) is None


@pytest.mark.parametrize(
    ("index", "dtype", "fit"),
    [
        (Index((1,), 0), np.int8, True),
        (Index((1,), 28), np.int8, True),
        (Index((1,), 29), np.int8, False),  # 127 is the largest, and the array has 100 elements
        (Index((-1,), 98), np.uint32, False),
        (Index((-1,), 99), np.uint32, True),
        (Index((2**20,), 0), np.int32, True),
        (Index((2**20,), 0), np.float32, False),
        (Index((1,), 0), np.float16, False),
    ],
)
def test_integers_that_a_dtype_holds(index: Index, dtype: Any, fit: bool) -> None:
    assert fits(index, jax.ShapeDtypeStruct((100,), dtype)) is fit


def test_what_wraps_around_is_not_known() -> None:
    claim = claim_of(lambda x: lax.iota(np.uint8, 200) + np.uint8(100), X)
    assert claim is None


def nested(depth: int, x: Any) -> Any:
    if not depth:
        return jnp.roll(jnp.sin(x), 1)
    return lax.fori_loop(0, 2, lambda _, c: nested(depth - 1, c) + c, x)


def test_nested_loops_are_read_a_bounded_number_of_times(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    leaf = interpret._Interpreter.leaf
    monkeypatch.setattr(
        interpret._Interpreter,
        "leaf",
        lambda self, equation: (read.append(equation.primitive), leaf(self, equation)),
    )
    most = (interpret.ROUNDS + 1) ** interpret.DEEPEST_LOOP
    counts = []
    for depth in (1, 2, 3, 4, 6, 8):
        read.clear()
        claim_of(lambda x: nested(depth, jnp.pad(x, 2)), X)  # noqa: B023
        counts.append(read.count("sin"))
    assert 1 < counts[0] <= counts[2] <= most
    assert max(counts[3:]) <= most


def test_the_size_of_arrays_does_not_matter() -> None:
    def jacobians(a: Any, b: Any) -> Any:
        return jax.jacfwd(lambda a, b: jnp.sin(a).sum() * b, argnums=(0, 1))(a, b)

    def known_of(*sizes: int) -> list[Known]:
        args = [jax.ShapeDtypeStruct((n,), jnp.float32) for n in sizes]
        return known_values(inline(jax.make_jaxpr(jacobians)(*args)))

    small, large = known_of(2, 3), known_of(20_000, 30_000)
    assert [type(each) for each in small] == [type(each) for each in large]
    assert sum(each is not None for each in large) > 10
