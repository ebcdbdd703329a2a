"""A primitive that is not known may carry an open jaxpr, whose constants only it knows."""

from __future__ import annotations

from typing import Any

import jax
import jax.extend.core as jex_core
import jax.numpy as jnp
import numpy as np

from pytest_jaxcost import measure
from pytest_jaxcost.analyses import Facts
from pytest_jaxcost.ir.controls import UNKNOWN_BODY
from pytest_jaxcost.ir.reading import UNKNOWN_CALL

TABLE = np.arange(64.0, dtype=np.float32)

apply_open = jex_core.Primitive("apply_open")
apply_open.def_abstract_eval(lambda x, **_: x)


def with_open_body(x: Any) -> Any:
    closed = jax.make_jaxpr(lambda y: jnp.sin(y) * jnp.asarray(TABLE) + jnp.cos(y))(x)
    body = getattr(closed, "jaxpr", closed)
    table, rest = jnp.exp(x), (body,)
    return apply_open.bind(x, jaxprs=rest, fun_jaxpr=jax.make_jaxpr(jnp.tanh)(x)) + table


def test_its_body_is_counted_once_with_a_caveat() -> None:
    report = measure(with_open_body, (jnp.ones(64),))
    assert report.primitives["sin"] == report.primitives["cos"] == report.primitives["tanh"] == 1
    assert not report.exact
    assert report.caveats == (UNKNOWN_BODY.format(name="apply_open"),)
    assert report.dead.eqns == 0


def test_what_its_constants_are_made_of_is_taken_to_depend_on_its_operands() -> None:
    facts = Facts(jax.jit(with_open_body).trace(jnp.ones(64)).jaxpr)
    work = [e for _, e in facts.program.walk() if e.primitive in ("sin", "mul", "add")]
    assert len(work) == 4
    assert all(facts.given[e.outputs[0]] for e in work)


def test_a_part_of_a_program_with_an_unknown_call_is_no_more_exact_than_the_whole() -> None:
    def with_unknown_call(x: Any) -> Any:
        body = jax.make_jaxpr(jnp.sin)(x)
        return apply_open.bind(x, body=body) + jnp.cos(x)

    report = measure(with_unknown_call, (jnp.ones(64),))
    part = report.phases["primal"]
    assert part.primitives == report.primitives
    assert not report.exact
    assert not part.exact
    assert part.caveats == report.caveats == (UNKNOWN_CALL.format(name="apply_open"),)
