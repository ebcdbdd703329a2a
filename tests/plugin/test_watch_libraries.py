"""Bodies of marked tests that call functions jitted by libraries."""

from __future__ import annotations

import equinox as eqx  # noqa: F401 - runs inside tests put `sys.modules` back
import pytest
from flax import nnx  # noqa: F401

from .programs import run

TESTS = """
    import equinox as eqx
    from flax import nnx

    BATCH = jnp.ones((4, 8))
    LINEAR = eqx.nn.Linear(8, 2, key=jax.random.key(0))
    MODULE = nnx.Linear(8, 2, rngs=nnx.Rngs(0))
    FORWARD = 2 * 4 * 8 * 2 + 4 * 2

    def equinox_once(model, x):
        return jax.vmap(model)(x)

    def equinox_twice(model, x):
        return equinox_once(model, x) * equinox_once(model, x)

    def nnx_once(model, x):
        return model(x)

    def nnx_twice(model, x):
        return model(x) * model(x)

    @pytest.mark.jaxcost(max_duplicates=0, max_dead=0, max_flops=FORWARD, min_flops=FORWARD)
    @pytest.mark.parametrize("fn, model", [
        (eqx.filter_jit(equinox_once), LINEAR), (nnx.jit(nnx_once), MODULE),
    ])
    def test_quiet(fn, model):
        fn(model, BATCH)

    @pytest.mark.jaxcost(max_duplicates=0)
    @pytest.mark.parametrize("fn, model", [
        (eqx.filter_jit(equinox_twice), LINEAR), (nnx.jit(nnx_twice), MODULE),
    ])
    def test_noisy(fn, model):
        fn(model, BATCH)

    @pytest.mark.jaxcost(max_duplicates=0, primitives={"dot_general": 2})
    def test_gradients():
        eqx.filter_jit(eqx.filter_value_and_grad(lambda m, x: (equinox_once(m, x) ** 2).sum()))(
            LINEAR, BATCH
        )
"""


def test_functions_jitted_by_libraries(pytester: pytest.Pytester) -> None:
    result = run(pytester, TESTS)
    result.assert_outcomes(passed=3, failed=2)
    result.stdout.fnmatch_lines(
        ["jaxcost: duplicates * > 0   equinox_twice", "jaxcost: duplicates * > 0   nnx_twice"]
    )
