"""One `jacfwd` over two parameter sets: what do the two derivatives share, and what not?"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest

params1 = jax.ShapeDtypeStruct((64,), jnp.float32)
params2 = jax.ShapeDtypeStruct((16, 64), jnp.float32)


def helper_1(angles):
    """Where a row of coupled pendulums stands after 100 steps, from where it starts."""

    def step(state, _):
        angle, speed = state
        pull = jnp.roll(angle, 1) - 2 * angle + jnp.roll(angle, -1)
        speed = speed + 0.01 * (pull - jnp.sin(angle))
        return (angle + 0.01 * speed, speed), None

    (angles, _), _ = jax.lax.scan(step, (angles, jnp.zeros_like(angles)), length=100)
    return angles


def helper_2(z, weights):
    """What 16 sensors read: weighted sums that saturate."""
    return jnp.tanh(weights @ z)


def main(params1, params2):
    z = helper_1(params1)
    y = helper_2(z, params2)
    return z, y


jointly = jax.jacfwd(main, argnums=(0, 1))


def one_by_one(params1, params2):
    dz_1, dy_1 = jax.jacfwd(main, argnums=0)(params1, params2)
    dz_2, dy_2 = jax.jacfwd(main, argnums=1)(params1, params2)
    return (dz_1, dz_2), (dy_1, dy_2)


def by_parts(params1, params2):
    z, push = jax.linearize(helper_1, params1)
    dz_1 = jax.vmap(push, out_axes=-1)(jnp.eye(params1.size))
    dy_z, dy_2 = jax.jacrev(helper_2, argnums=(0, 1))(z, params2)
    return (dz_1, jnp.zeros(z.shape + params2.shape)), (dy_z @ dz_1, dy_2)


@pytest.mark.jaxcost(max_duplicates=0, max_dead=0)
def test_z_and_its_tangent_are_computed_once(jaxcost):
    report = jaxcost(jointly, params1, params2)
    assert report.primitives["sin"] == 1  # z, in one loop
    assert report.primitives["cos"] == 1  # and the sine's derivative
    assert report.transcendentals == jaxcost(main, params1, params2).transcendentals + 100 * 64


def test_but_every_tangent_is_pushed_through_helper_1(jaxcost):
    joint = jaxcost(jointly, params1, params2)
    apart = jaxcost(one_by_one, params1, params2)
    # Of 64 + 1024 tangents in the loop, the 1024 of params2 are zero there.
    joint.check(min_zeros="85%")
    apart.check(max_zeros=0, max_flops="0.15x", relative_to=joint)
    # The price: z itself is computed for each of the two.
    assert apart.primitives["sin"] == 2


@pytest.mark.jaxcost(max_duplicates=0, max_zeros=0, max_flops="5 MFLOP")
def test_helper_by_helper_nothing_is_wasted(jaxcost):
    assert jaxcost(by_parts, params1, params2).primitives["sin"] == 1


def test_the_three_agree():
    key1, key2 = jax.random.split(jax.random.key(0))
    values = jax.random.normal(key1, params1.shape), jax.random.normal(key2, params2.shape)
    expected = jax.tree.leaves(jointly(*values))
    for way in (one_by_one, by_parts):
        pairs = zip(jax.tree.leaves(way(*values)), expected, strict=True)
        assert all(jnp.allclose(value, other, atol=1e-6) for value, other in pairs)


def test_the_dead_sine_is_from_jax_of_ad(jaxcost):
    report = jaxcost(jax.grad(jax.lax.sin), 1.0)
    assert report.primitives == {"sin": 1, "cos": 1, "mul": 1}
    assert [finding.primitive for finding in report.dead.from_jax] == ["sin"]
    assert report.dead.eqns == 0


# Take the `# ` away, and it fails:
# @pytest.mark.jaxcost(max_duplicates=0, max_zeros=0)
# def test_no_zeros_are_pushed(jaxcost):
#     jaxcost(jointly, params1, params2)
