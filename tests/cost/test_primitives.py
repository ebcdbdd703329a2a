"""No primitive of JAX is forgotten: each has a rule, a body, or stands in one of the lists here."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pytest_jaxcost.cost.opaque import OPAQUE
from pytest_jaxcost.cost.registry import RULES
from pytest_jaxcost.flow.evaluations import REDUCTIONS, is_cheap

PRINT_NAMES = """
import importlib, pkgutil, warnings
warnings.simplefilter("ignore")
import jax
import jax.experimental.pallas.tpu  # in the order that its modules need
from pytest_jaxcost import _compat
package = importlib.import_module("jax._src")
for module in pkgutil.walk_packages(package.__path__, "jax._src.", onerror=lambda name: None):
    if "mosaic_gpu" in module.name:  # needs a GPU's compiler, and registers an option twice
        continue
    try:
        importlib.import_module(module.name)
    except (ImportError, AttributeError):  # of a dependency that is not installed
        pass
print(*sorted(_compat.primitive_names()))
"""
"""In an interpreter of its own: the modules register options and lowerings when imported."""


def names(text: str) -> frozenset[str]:
    return frozenset(text.split())


BODIES = names(
    """
    call call_hi_primitive call_hi_primitive_linearized closed_call composite compute_on cond
    core_map custom_dce_call custom_fusion custom_jvp_call custom_jvp_call_jaxpr
    custom_linear_solve custom_partitioning custom_transpose_call custom_vjp_call
    custom_vmap_call emit_pipeline eval_jaxpr fusible jaxpr_call jit linear_call mpmd_map
    pallas_call parallel_loop pipeline_body remat2 remat_opt run_scoped run_state scan shard_map
    vmap while xla_metadata_call xla_pmap
    """
)
"""Carry jaxprs, which are priced instead."""

BY_XLA = names(
    """
    cholesky_update iota_2x32_shape philox2x32 philox4x32 polynomial random_bits random_fold_in
    random_gamma random_seed random_split rng_bit_generator rng_uniform scaled_dot
    select_and_gather_add select_and_scatter symmetric_product threefry4x32
    """
)
"""Priced by their lowering."""

NEVER_LEFT = frozenset({"custom_lin", "dce_sential", "new_log", "log_extend", "log_read"})
"""Live only while JAX traces or differentiates."""

PLACES = (frozenset(RULES), frozenset(OPAQUE), BODIES, BY_XLA, NEVER_LEFT)


@pytest.fixture(scope="module")
def jax_names() -> frozenset[str]:
    command = [sys.executable, "-c", PRINT_NAMES]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return frozenset(printed.split())


def test_every_primitive_has_a_place(jax_names: frozenset[str]) -> None:
    assert {"sin", "dot_general", "threefry2x32", "cholesky", "psum", "get"} <= jax_names
    assert jax_names - frozenset().union(*PLACES) == frozenset()


def test_cheap_reductions_are_the_ones_that_are_named_so(jax_names: frozenset[str]) -> None:
    """Windows overlap, and collectives wait for other devices."""
    alike = {name for name in jax_names if name.startswith(("reduce_", "arg", "cum"))}
    costly = {name for name in alike if name.startswith(("reduce_window", "reduce_scatter"))}
    assert {name for name in alike if is_cheap(name)} == alike - costly
    assert jax_names >= REDUCTIONS
    assert {"reduce_window_sum", "reduce_scatter"} <= costly


def test_no_primitive_has_two_places() -> None:
    assert sum(map(len, PLACES)) == len(frozenset().union(*PLACES))
