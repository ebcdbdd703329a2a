"""Every program compiled for devices that are not there: nothing lost, costs as XLA has them.

Run with `-m tpu` or `-m cuda` where the compiler is installed, in a session of its own.
"""

from __future__ import annotations

import importlib.util

import pytest

from pytest_jaxcost.hlo import price, read
from tests.hlo.programs import PROGRAMS
from tests.hlo.test_costs import DEVIATIONS, as_xla_counts, unlike_xla
from tests.hlo.test_texts import instruction_lines, written
from tests.hlo.xla import cost_of

NEEDED = {"tpu": "libtpu", "cuda": "jax_cuda13_plugin"}
REFUSED = {
    "tpu": {"ragged_dot"},  # libtpu 0.0.24, for JAX 0.8, wants rows in multiples of eight
    "cuda": {"callback", "callback_in_scan", "debug_print"},  # callbacks ask for a GPU's client
}


def text_of(backend: str, name: str) -> str:
    import jax
    from jax.sharding import SingleDeviceSharding

    from tests.hlo.absent import devices_of

    sharding = SingleDeviceSharding(devices_of(backend)[0])
    function, avals = PROGRAMS[name]
    placed = [jax.ShapeDtypeStruct(each.shape, each.dtype, sharding=sharding) for each in avals]
    return jax.jit(function).lower(*placed).compile().as_text()


def hold(backend: str, name: str) -> None:
    import jax

    if importlib.util.find_spec(NEEDED[backend]) is None:
        pytest.skip(f"{NEEDED[backend]} is not installed")
    if name in REFUSED[backend]:
        pytest.skip("the compiler refuses this program")
    text = text_of(backend, name)
    module = read(text)
    assert written(module) == instruction_lines(text)
    pricing = price(module)
    if unlike_xla(pricing) or name in DEVIATIONS:
        return
    try:
        theirs = cost_of(text)
    except jax.errors.JaxRuntimeError:
        return
    assert as_xla_counts(pricing) == theirs[:2]


@pytest.mark.tpu
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_compiled_for_a_tpu(name: str) -> None:
    hold("tpu", name)


@pytest.mark.cuda
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_compiled_for_a_gpu(name: str) -> None:
    hold("cuda", name)
