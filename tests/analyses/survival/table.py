"""The measured table of what survives, as the documentation shows it.

Run as a module with the names of platforms, it measures their columns with what is installed and
stores them: ``python -m tests.analyses.survival.table cpu``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from docs.hooks.tables import SURVIVAL
from pytest_jaxcost import measure
from tests.analyses.survival import kinds, programs
from tests.analyses.survival.oracles import TARGETS
from tests.analyses.survival.survivals import survivals

ROWS: Mapping[str, Mapping[str, str]] = {
    "duplicates": {
        "one_line": "`sin(x) + sin(x)`",
        "head": "a layer called twice with the same values",
        "two_jits": "a step that two jitted functions share",
        "value_and_gradient_apart": "`f(x)` and `grad(f)(x)`",
        "loop_and_its_gradient": "`f(x)` and `grad(f)(x)` where `f` has a `scan`",
        "gradients_of_a_loop_apart": "`grad(f, 0)` and `grad(f, 1)` where `f` has a `scan`",
        "two_jvps_of_a_loop": "two `jvp`s at one point of a `scan`",
        "equal_loops": "the same loop twice",
        "loops_that_keep_different_things": "the same loop twice, one stacks its carries",
        "inside_and_outside_a_loop": "`sin(x)` before a loop and in it",
        "inside_and_outside_a_branch": "`x @ x` before a `cond` and in it",
        "cholesky_twice": "`cholesky` of one matrix twice",
        "eigh_twice": "`eigh` of one matrix twice",
    },
    "key_reuse": {"draws": "two draws from one key"},
    "repeated_callbacks": {"callbacks": "a `pure_callback` twice"},
    "loop_invariants": {
        "square_in_a_loop": "`w @ w` in a `scan`",
        "cholesky_in_a_loop": "`cholesky(w)` in a `scan`",
        "sine_in_an_open_loop": "`sin(w)` in the body of a `while_loop`",
        "sine_in_a_condition": "`sin(w)` in the condition of a `while_loop`",
        "sine_in_a_checkpointed_loop": "`sin(w)` in a differentiated `checkpoint` in a `scan`",
    },
    "constant_work": {
        "sine_of_one_number": "`sin(full(n, 2.0))`",
        "dot_of_constants": "a product of two tables made of `linspace`",
        "kernel_matrix": "`exp` of a large table made of `arange`",
        "fft_of_a_constant": "`fft` of a `linspace`",
        "cholesky_of_a_constant": "`cholesky` of a matrix made of `linspace`",
        "loop_over_constants": "a `scan` that starts from `ones`",
    },
    "repeated_factorizations": {
        "cholesky_of_a_symmetrized_matrix": "`cholesky` of `x` and of `(x + x.T) / 2`",
        "lu_of_the_transpose": "`lu` of `x` and of `x.T`",
        "full_and_reduced_vectors": "`svd` with full and with reduced vectors",
        "cholesky_of_a_matrix_turned_twice": "`cholesky` of `x` and of `x.T.T`",
    },
    "zeros": {
        "tangents_of_both_arguments": "`jacfwd` over two arguments, one of which a helper ignores",
        "dot_with_zeros": "a product with `zeros`",
        "dot_with_an_identity": "a product with `eye`",
        "dot_with_a_diagonal": "a product with `diag(d)`",
        "padding_before_a_dot": "a product of a padded matrix",
    },
    "batch_invariants": {
        "sine_after_a_broadcast": "`sin` after a broadcast",
        "dot_after_a_broadcast": "a product after a broadcast",
        "sort_after_a_broadcast": "`sort` after a broadcast",
        "cholesky_after_a_broadcast": "`cholesky` after a broadcast",
    },
    "full_jacobians": {
        "jacobian_times_a_vector": "`jacfwd(f)(x) @ v`",
        "hessian_times_a_vector": "`hessian(f)(x) @ v`",
    },
    "wrong_modes": {"gradient_in_forward_mode": "`jacfwd` of a loss"},
    "dead": {
        "unused_dot": "`x @ x`, not used",
        "unused_carry": "a carry that only feeds itself",
    },
    "recomputed": {
        "checkpointed_blocks": "`checkpoint` around a block",
        "checkpointed_blocks_without_barriers": "`checkpoint(prevent_cse=False)` around a block",
        "checkpointed_layers": "`checkpoint` around the body of a `scan`",
    },
}
"""By kind, the programs of the tests that the table shows, and what they do in words."""

NOT_COMPILED = {"cuda": {"callbacks"}}
"""Programs that ask for a client of the device, by platform."""


def column(platform: str) -> dict[str, Any]:
    """The verdicts for one platform, with the versions that made them."""
    skipped = NOT_COMPILED.get(platform, set())
    names = [name for rows in ROWS.values() for name in rows]
    verdicts = {name: None if name in skipped else verdict(platform, name) for name in names}
    return {"versions": versions(platform), "verdicts": verdicts}


def verdict(platform: str, name: str) -> str:
    """What becomes of the work that a program's finding is about; one word."""
    case: Any = {**programs.CASES, **kinds.CASES}[name]
    report = measure(case.function, case.avals, target=TARGETS[platform])
    (found,) = survivals(report, case.kind, case.primitive)
    assert found is not None
    return found


def versions(platform: str) -> str:
    """What compiles for a platform here: JAX, and what makes the optimized program."""
    environment = measure(abs, (1.0,), target=TARGETS[platform]).environment
    compiler = environment.get("compiler", f"jaxlib {environment['jaxlib']}")
    return f"jax {environment['jax']}, {compiler}"


def store(platforms: Iterable[str]) -> None:
    """Measure the columns of platforms and store them beside the others."""
    known = json.loads(SURVIVAL.read_text(encoding="utf-8")) if SURVIVAL.exists() else {}
    columns = {**known.get("columns", {}), **{each: column(each) for each in platforms}}
    ordered = {each: columns[each] for each in TARGETS if each in columns}
    text = json.dumps({"rows": ROWS, "columns": ordered}, indent=1)
    SURVIVAL.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    store(sys.argv[1:])
