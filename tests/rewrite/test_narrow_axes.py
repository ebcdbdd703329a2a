"""Each row of the axes' table: what is computed alone equals that part of the whole."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pytest_jaxcost import _compat
from pytest_jaxcost.flow.zeros import spans as sets
from pytest_jaxcost.ir.inline import inline
from pytest_jaxcost.rewrite import axes_table
from pytest_jaxcost.rewrite.axes import ROWS, Axes, Letters, Wanted
from pytest_jaxcost.rewrite.axes_table import axes
from pytest_jaxcost.rewrite.narrow import at, in_part, narrowed
from tests.laws.evaluate import bind, bits, evaluate
from tests.rewrite.equations import EQUATIONS


@cache
def equation_of(name: str) -> tuple[Any, list[Any]]:
    """The last equation of a program, and whole numbers for what it reads."""
    program, shapes = EQUATIONS[name]
    inlined = inline(jax.make_jaxpr(program)(*shapes))
    equation = next(e for e in reversed(inlined.main.equations) if axes(e.eqn) is not None)
    seen = evaluate(inlined, [whole_numbers(s, k) for k, s in enumerate(shapes)]).seen
    operands = [
        next(iter(seen[value].values())) if value in seen else content(inlined, value)
        for value in equation.inputs
    ]
    return equation.eqn, operands


def content(inlined: Any, value: int) -> Any:
    found = inlined.constants[value]
    is_literal = isinstance(found, _compat.Literal)
    return jnp.asarray(found.val, found.aval.dtype) if is_literal else found


def whole_numbers(aval: Any, seed: int) -> Any:
    """Numbers of which sums and products are exact, in whatever order they are added."""
    return jnp.asarray(np.random.default_rng(seed).integers(-3, 4, aval.shape), aval.dtype)


def some(size: int) -> list[sets.Spans]:
    """A run at each end, one inside, and two runs."""
    return [((0, size - 1),), ((1, size),), ((1, size - 1),), ((0, 1), (size - 1, size))]


def choices(eqn: Any, found: Axes) -> Iterator[Wanted]:
    """Parts of all letters at once, and of every second one."""
    sizes = {x: n for x, n in found.sizes(eqn).items() if n > 2}
    for k in (2, 3):
        yield {x: some(n)[k] for x, n in sizes.items()}
    for first in (0, 1):
        yield {x: some(n)[0] for x, n in sizes.items() if x % 2 == first}


def without_the_others(eqn: Any, x: Any, letters: Letters, found: Axes, wanted: Wanted) -> Any:
    """An operand in which what is not wanted of summed letters adds nothing."""
    is_extremum = eqn.primitive.name in ("reduce_max", "reduce_min")
    x = np.array(x)
    for axis, letter in enumerate(letters):
        if letter in wanted and letter in found.summed:
            kept = inside(x.shape, [axis], [wanted[letter]])[axis]
            others = [k for k in range(x.shape[axis]) if k not in kept]
            along = np.moveaxis(x, axis, 0)
            along[others] = along[kept[0]] if is_extremum else 0
    return x


def require_part(eqn: Any, operands: Sequence[Any], found: Axes, wanted: Wanted) -> None:
    wanted = in_part(eqn, found, wanted)
    pairs = zip(operands, found.operands, strict=True)
    operands = [without_the_others(eqn, x, letters, found, wanted) for x, letters in pairs]
    part, whole = jax.jit(narrowed(eqn, found, wanted))(*operands), bind(eqn, operands)
    for one, other, letters in zip(part, whole, found.results, strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        places = np.ix_(*inside(one.shape, *at(letters, wanted)))
        assert bits(np.asarray(one)[places]) == bits(np.asarray(other)[places])
        outside = np.ones(one.shape, bool)
        outside[places] = False
        assert not np.asarray(one)[outside].any()


def inside(shape: Sequence[int], axes: Sequence[int], places: Sequence[sets.Spans]) -> list[Any]:
    known = dict(zip(axes, places, strict=True))
    return [
        [k for a, b in known.get(axis, ((0, n),)) for k in range(a, b)]
        for axis, n in enumerate(shape)
    ]


@pytest.mark.parametrize("name", EQUATIONS)
def test_a_part_is_computed_alone(name: str) -> None:
    eqn, operands = equation_of(name)
    found = axes(eqn)
    assert found is not None
    for wanted in choices(eqn, found):
        require_part(eqn, operands, found, wanted)


@pytest.mark.parametrize("name", EQUATIONS)
def test_equal_slices_are_computed_once(name: str) -> None:
    eqn, operands = equation_of(name)
    found = axes(eqn)
    assert found is not None
    letters = found.letters - found.summed - found.runs
    wanted = in_part(eqn, found, dict.fromkeys(letters, ((0, 1),)))
    pairs = zip(operands, found.operands, strict=True)
    equal = [alike(x, own, letters) for x, own in pairs]
    once = jax.jit(narrowed(eqn, found, wanted, "equal"))(*equal)
    for one, other in zip(once, bind(eqn, equal), strict=True):
        assert one.dtype == other.dtype
        assert np.allclose(one, other, rtol=1e-6, atol=0)


def alike(x: Any, own: Letters, letters: Collection[int]) -> Any:
    for axis in (axis for axis, letter in enumerate(own) if letter in letters):
        x = np.repeat(np.take(x, [0], axis), x.shape[axis], axis)
    return x


def test_each_row_has_an_equation() -> None:
    """Of a family of primitives one is enough."""
    tried = {ROWS[equation_of(name)[0].primitive.name] for name in EQUATIONS}
    untried = {row.__name__ for row in set(ROWS.values()) - tried}
    assert untried <= {"tile", "stack", "unstack"}  # primitives that older JAX does not have


@pytest.mark.parametrize("name", ["cumsum", "sort", "rev"])
def test_the_law_fails_for_a_wrong_row(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that says that each position stands for itself, where it does not."""
    monkeypatch.setitem(axes_table.ROWS, name, ROWS["neg"])
    with pytest.raises(AssertionError):
        test_a_part_is_computed_alone(name)


def test_a_primitive_without_a_row_has_no_axes() -> None:
    (eqn,) = jax.make_jaxpr(lambda x: jax.lax.psum(x, "i"), axis_env=[("i", 2)])(1.0).eqns
    assert axes(eqn) is None
