"""The suite compiles without LLVM's optimizations, which does not change what is read."""

from __future__ import annotations

from typing import Any

import jax
import pytest

from tests.hlo.programs import PROGRAMS

SETTINGS = ("xla_backend_optimization_level", "xla_llvm_disable_expensive_passes")
QUICKLY, AS_USERS_DO = (dict(zip(SETTINGS, each, strict=True)) for each in ((0, True), (3, False)))


@pytest.mark.parametrize("name", list(PROGRAMS)[::24])
def test_the_optimized_program_is_the_one_that_users_get(name: str) -> None:
    function, avals = PROGRAMS[name]
    lowered = jax.jit(function).lower(*avals)
    quick, usual = (lowered.compile(compiler_options=each) for each in (QUICKLY, AS_USERS_DO))
    assert quick.as_text() == usual.as_text()
    assert memory(quick) == memory(usual)


def memory(compiled: Any) -> dict[str, int]:
    found = compiled.memory_analysis()
    names = [name for name in dir(found) if name.endswith("_in_bytes")]
    return {name: getattr(found, name) for name in names}
