"""What findings cost together and one by one, and whether that is exact."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from pytest_jaxcost import measure

X = jax.ShapeDtypeStruct((16,), jnp.float32)


def called_back(x: Any) -> Any:
    return jax.pure_callback(lambda y: y, X, jnp.cos(x))


def test_a_program_without_findings_is_no_more_exact_than_the_one_with_them() -> None:
    report = measure(lambda x: jnp.sin(x) + called_back(jnp.sin(x)), (X,))
    without = report.without()
    assert report.duplicates
    assert (without.transcendentals, report.transcendentals) == (2 * 16, 3 * 16)
    assert not report.exact
    assert (without.exact, without.caveats) == (False, report.caveats)
