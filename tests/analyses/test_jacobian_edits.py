"""What is written instead of a Jacobian computes the same: both programs are run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pytest_jaxcost.analyses import Facts
from pytest_jaxcost.analyses.full_jacobians import full_jacobians
from pytest_jaxcost.analyses.wrong_modes import wrong_modes
from pytest_jaxcost.report.records import Finding
from pytest_jaxcost.rewrite.edits import Replace
from pytest_jaxcost.rewrite.rewriting import rewrite
from tests.analyses import test_differentiated_jacobians as differentiated
from tests.analyses import test_jacobian_figures as figures
from tests.analyses import test_jacobians as jacobians
from tests.laws.evaluate import reference


def programs() -> Iterator[Any]:
    at_x = {"exact": jacobians.EXACT, "hessian": jacobians.HESSIANS, "across": jacobians.ACROSS}
    for table, rows in at_x.items():
        for name, row in rows.items():
            x = np.stack([jacobians.X, 2 * jacobians.X]) if name == "a batch" else jacobians.X
            yield pytest.param(row[0], x, id=f"{table}-{name}")
    tables: dict[str, dict[str, Any]] = {
        "mode": jacobians.MODES,
        "figure": figures.MODES,
        "product": figures.PRODUCTS,
        "differentiated": differentiated.NOISY,
        "vector": differentiated.WITH_VECTOR,
    }
    for table, rows in tables.items():
        for name, row in rows.items():
            yield pytest.param(row[0], row[2], id=f"{table}-{name}")


def found(facts: Facts) -> list[Finding]:
    return [*full_jacobians(facts), *wrong_modes(facts)]


def run_with(facts: Facts, args: Sequence[Any], edits: Sequence[Replace]) -> list[Any]:
    """The results of the program with edits, as a jaxpr."""
    rewritten = rewrite(facts.program, edits)
    assert not rewritten.refused
    return reference(rewritten.jaxpr(facts.jaxpr), args)


def agree(one: Any, other: Any) -> bool:
    pairs = zip(one, other, strict=True)
    return all(np.allclose(a, b, rtol=1e-3, atol=1e-4) for a, b in pairs)


@pytest.mark.parametrize(("fn", "x"), tuple(programs()))
def test_the_program_with_the_edits_computes_the_same(fn: Any, x: Any) -> None:
    facts, args = Facts(jax.make_jaxpr(fn)(x)), jax.tree.leaves(x)
    findings = found(facts)
    assert findings
    assert all(each.edits for each in findings)
    edits = [edit for each in findings for edit in each.edits]
    assert agree(run_with(facts, args, edits), reference(facts.jaxpr, args))


def test_a_wrong_edit_does_not_pass() -> None:
    fn, x = jacobians.EXACT["matmul"][0], jacobians.X
    facts = Facts(jax.make_jaxpr(fn)(x))
    (edit,) = found(facts)[0].edits
    wrong = edit._replace(function=lambda *arrays: [2 * each for each in edit.function(*arrays)])
    assert not agree(run_with(facts, [x], [wrong]), reference(facts.jaxpr, [x]))


# what a rule for one program would get wrong in another
TRICKY: dict[str, Any] = {
    "scaled rows": lambda x, v: ((jax.jacfwd(jnp.sin)(x) * v) @ x, (jnp.outer(x, v) @ x)),
    "scaled and divided": lambda x, v: (jax.jacrev(jacobians.elementwise)(x) * v / x).sum(1),
    "two products": lambda x, v: (lambda j: (j @ v, j @ x, j @ v))(jax.jacfwd(jacobians.wide)(x)),
    "one after the other": lambda x, v: (lambda j: j @ (j @ v))(jax.jacfwd(jacobians.recurrent)(x)),
    "a value beside it": lambda x, v: (
        jacobians.recurrent(x),
        jax.jacfwd(jacobians.recurrent)(x) @ v,
    ),
    "along the value": lambda x, v: jax.jacfwd(jacobians.recurrent)(x) @ jacobians.recurrent(x),
    "off the diagonal": lambda x, v: jax.jacfwd(jnp.sin)(x)[jnp.arange(32), jnp.arange(32)[::-1]],
    "beside the diagonal": lambda x, v: jnp.where(
        jnp.eye(32, dtype=bool), 0, jax.jacfwd(jnp.sin)(x)
    ).sum(),
    "of two arguments": lambda x, v: (lambda a, b: a @ v + b @ x)(
        *jax.jacfwd(lambda a, b: jnp.sin(a * b) * a, (0, 1))(x, v)
    ),
    "rows of its own": lambda x, v: (
        jnp.take_along_axis(jax.jacfwd(jacobians.wide)(x).T, jnp.arange(32)[:, None] % 8, 1)[:, 0]
        @ v
    ),
    "a while loop": lambda x, v: (
        jax.jacfwd(lambda x: jax.lax.while_loop(lambda c: c[0] < 0.9, lambda c: c * 1.1, x))(x) @ v
    ),
    "branches": lambda x, v: (
        jax.jacfwd(lambda x: jax.lax.cond(x[0] > 0, jnp.sin, lambda x: x * 2, x))(x) @ v
    ),
}


@pytest.mark.parametrize("fn", TRICKY.values(), ids=TRICKY)
def test_edits_hold_where_rows_are_scaled_picked_or_masked(fn: Any) -> None:
    args = [jacobians.X, jacobians.V]
    facts = Facts(jax.make_jaxpr(fn)(*args))
    edits = [edit for each in found(facts) for edit in each.edits]
    assert agree(run_with(facts, args, edits), jax.tree.leaves(fn(*args)))


def summed_in_64_bits(x: Any) -> Any:
    return jnp.cumsum(x.astype("float64"))


# nothing that the derivative reads has 64 bits; only what is between its ends has
WIDER: dict[str, Any] = {
    "a sum of a Jacobian": lambda x: jax.jacfwd(summed_in_64_bits)(x).sum(0),
    "forward mode": jax.jacfwd(lambda x: summed_in_64_bits(x).sum()),
    "the same with 32 bits at both ends": jax.jacfwd(
        lambda x: summed_in_64_bits(x).sum().astype("float32")
    ),
}


@pytest.mark.parametrize("fn", WIDER.values(), ids=WIDER)
def test_what_has_64_bits_inside_is_rewritten_where_the_arguments_have_32(fn: Any) -> None:
    with jax.enable_x64(True):
        facts = Facts(jax.make_jaxpr(fn)(jacobians.X))
        expected = reference(facts.jaxpr, [jacobians.X])
    (finding,) = found(facts)  # JAX makes arrays of 32 bits again
    rewritten = rewrite(facts.program, finding.edits)
    assert not rewritten.refused
    with jax.enable_x64(True):
        assert agree(reference(rewritten.jaxpr(facts.jaxpr), [jacobians.X]), expected)
