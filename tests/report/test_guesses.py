"""What people guess a limit is called, and what they are told."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_jaxcost.report import LimitError, Limits

from .fake import Fake

GUESSES: dict[str, str] = {
    "max_sin": 'max_primitives={"sin": ...}',
    "max_dot_general": 'max_primitives={"dot_general": ...}',
    "max_matmuls": 'max_primitives={"dot_general": ...}',
    "min_cholesky": 'min_primitives={"cholesky": ...}',
    "tanh": 'primitives={"tanh": ...}',
    "max_while": 'max_primitives={"while": ...}',
    "max_flop": "'max_flops'",
    "maximum_flops": "'max_flops'",
    "max_equations": "'max_eqns'",
    "max_bytes": "'max_bytes_accessed'",
    "max_memory": 'compiled={"max_temp_bytes": ...}',
    "max_temp_bytes": 'compiled={"max_temp_bytes": ...}',
    "max_peak_memory": 'compiled={"max_peak_bytes": ...}',
    "max_compiled_flops": 'compiled={"max_flops": ...}',
    "max_surviving_duplicates": 'compiled={"max_duplicates": ...}',
    "max_surviving_duplicate_flops": 'compiled={"max_duplicates": "2 kop"}',
    "max_ops": 'compiled={"max_opcodes": {"dot": ...}}',
    "max_fusion": 'compiled={"max_opcodes": {"fusion": ...}}',
    "max_all_reduce": 'compiled={"max_collectives": {"all-reduce": ...}}',
    "max_allgather": 'compiled={"max_collectives": {"all-gather": ...}}',
    "max_cloned": 'compiled={"max_recomputed_by_xla": ...}',
    "max_duplicate_flops": 'max_duplicates="2 kop"',
    "max_zero_flops": 'max_zeros="2 kop"',
    "max_loop_invariant_transcendentals": 'max_loop_invariants="2 kop"',
    "max_recomputed_flops": 'max_recomputed="2 kop"',
    "max_repeated_factorization_flops": 'max_repeated_factorizations="2 kop"',
    "max_duplicate": "'max_duplicates'",
    "max_refactorisations": "'max_repeated_factorizations'",
    "max_contracted_jacobians": "'max_full_jacobians'",
    "max_cse": "'max_duplicates'",
    "max_dead_code": "'max_dead'",
    "max_remat": "'max_recomputed'",
    "max_rng_reuse": "'max_key_reuse'",
    "max_callbacks": "'max_repeated_callbacks'",
    "max_residuals": "'max_residual_bytes'",
    "max_constants": "'max_constant_bytes'",
    "max_intermediate_bytes": "'max_largest_intermediate_bytes'",
    "max_wasted": 'max_waste="2 kop"',
    "max_compile_time": "'max_eqns'",
    "max_runtime": "'max_flops'",
    "backward": 'phases={"backward": {"max_flops": ...}}',
    "max_backward_flops": 'phases={"backward": {"max_flops": ...}}',
    "transpose": 'phases={"transpose": {"max_flops": ...}}',
    "phase": 'phases={"backward": {"max_flops": ...}}',
    "scope": 'scopes={"attention": {"max_flops": ...}}',
    "forbidden": "'forbid'",
    "relative": "'relative_to'",
}


@pytest.mark.parametrize("primitives", [None, Fake()], ids=["in a marker", "with JAX"])
@pytest.mark.parametrize("guess", GUESSES)
def test_a_natural_guess_is_told_the_right_name(guess: str, primitives: Fake | None) -> None:
    with pytest.raises(LimitError) as error:
        Limits.of({guess: 1}).parse(primitives)
    text = str(error.value)
    assert text.startswith(f"unknown limit {guess!r}; did you mean {GUESSES[guess]}?")
    assert text.endswith("(docs/limits.md has all)")
    assert len(text) <= 3 * 72  # at most three lines of a failure
    assert ("nothing is timed" in text) == guess.endswith("time")


def test_there_are_thirty_guesses() -> None:
    assert len(GUESSES) >= 30


@pytest.mark.parametrize("guess", GUESSES)
def test_what_is_told_is_accepted(guess: str) -> None:
    """The suggestion is Python that reads as limits."""
    written = GUESSES[guess]
    if written.startswith("'"):
        values: dict[str, Any] = {written.strip("'"): None}
    else:
        values = eval(f"dict({written})", {"__builtins__": {"dict": dict}})
    Limits.of(_filled(values)).parse(Fake())


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    """The same with 0 in place of the dots."""
    return {
        key: _filled(value) if isinstance(value, dict) else 0 if value is ... else value
        for key, value in values.items()
    }


IN_COMPILED = {
    "max_memory": "'max_temp_bytes'",
    "max_flop": "'max_flops'",
    "max_dot": 'max_opcodes={"dot": ...}',
    "max_eqns": "'max_eqns' beside compiled",
    "max_surviving_duplicates": "'max_duplicates'",
}


@pytest.mark.parametrize("guess", IN_COMPILED)
def test_a_guess_in_the_compiled_scope(guess: str) -> None:
    with pytest.raises(LimitError) as error:
        Limits.of({"compiled": {guess: 1}}).parse()
    told = f"compiled: unknown limit {guess!r}; did you mean {IN_COMPILED[guess]}?"
    assert str(error.value).startswith(told)
