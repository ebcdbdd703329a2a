"""Work on structural zeros: healthy programs are quiet, each noisy one has a figure by hand."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import pytest

import pytest_jaxcost
from pytest_jaxcost import Report


def array(*shape: int) -> Any:
    return jax.ShapeDtypeStruct(shape, jnp.float32)


def measured(fn: Any, *args: Any) -> Report:
    return pytest_jaxcost.measure(fn, args)


# the question that started it


def helper_1(params1: Any) -> Any:
    return jnp.sin(params1) ** 2


def helper_2(z: Any, params2: Any) -> Any:
    return jnp.tanh(z.sum() * params2)


def main(params1: Any, params2: Any) -> Any:
    z = helper_1(params1)
    return helper_2(z, params2)


def joint(params1: Any, params2: Any) -> Any:
    return jax.jacfwd(main, argnums=(0, 1))(params1, params2)


def apart(params1: Any, params2: Any) -> Any:
    return tuple(jax.jacfwd(main, argnums=k)(params1, params2) for k in (0, 1))


def test_the_original_question() -> None:
    report = measured(joint, array(64), array(1024))
    mine = [each for each in report.zeros if each.places[0].function == "helper_1"]
    # two multiplications, one by each derivative, of 1,024 zero tangents of 64 elements
    assert [(each.primitive, each.flops, each.phase) for each in mine] == [
        ("mul", 1024 * 64, "jvp"),
        ("mul", 1024 * 64, "jvp"),
    ]
    assert mine[0].hint == (
        "1,024 of 1,088 tangents through helper_1 are structurally zero; one jax.jacfwd for each "
        "argument pushes only the others and avoids 131 kFLOP here"
    )


def test_one_jacobian_for_each_argument_avoids_what_was_found() -> None:
    args = array(64), array(1024)
    before, after = measured(joint, *args), measured(apart, *args)
    assert after.zeros.flops == 0
    basis = 2 * (1088**2 - 64**2 - 1024**2)  # an addition and a comparison an element
    primal = measured(main, *args).flops  # computed by each of the two calls
    tanh_rule = 1024  # as is the derivative of tanh
    saved = before.flops - after.flops
    assert saved == pytest.approx(before.zeros.flops + basis - primal - tanh_rule, rel=0.01)


def test_one_argument_is_quiet() -> None:
    for argument in (0, 1):
        report = measured(jax.jacfwd(main, argnums=argument), array(64), array(1024))
        assert report.zeros.flops == 0
