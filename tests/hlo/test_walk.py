"""Multiplicity: how often each computation runs."""

from __future__ import annotations

import pytest

from pytest_jaxcost.hlo import Module, price, read
from pytest_jaxcost.hlo.walk import bottom_up, entered
from tests.hlo.texts import STORED, stored


def opcodes(name: str, opcode: str) -> tuple[int, int]:
    pricing = price(read(stored(name)))
    found = [
        weight
        for computation, weight in pricing.executions.items()
        for each in pricing.module.computations[computation].instructions
        if each.opcode == opcode
    ]
    return len(found), sum(found)


@pytest.mark.parametrize("backend", ["cpu-0.8.0", "cpu-0.12.0.1", "tpu-0.12.0.1", "cuda-0.12.0.1"])
def test_nested_loops_multiply(backend: str) -> None:
    _, cosines = opcodes(f"{backend}/grad_scan_nested", "cosine")
    assert cosines == 5 * 7


@pytest.mark.parametrize("backend", ["cpu-0.8.0", "cpu-0.12.0.1", "tpu-0.12.0.1", "cuda-0.12.0.1"])
def test_of_the_branches_in_a_loop_the_costliest_runs(backend: str) -> None:
    _, sines = opcodes(f"{backend}/cond_in_scan", "sine")
    product = "convolution" if backend.startswith("tpu") else "dot"
    assert opcodes(f"{backend}/cond_in_scan", product) == (1, 6)
    assert sines == 0


def callers(module: Module, name: str) -> list[str]:
    return [
        computation.name
        for computation in module.computations.values()
        for each in computation.instructions
        if name in entered(each)
    ]


@pytest.mark.parametrize("name", [name for name in STORED if "grad" in name])
def test_callees_stand_before_callers(name: str) -> None:
    module = read(stored(name))
    order = bottom_up(module)
    assert order[-1] == module.entry
    assert len(order) == len(set(order)) == len(module.computations)
    for position, callee in enumerate(order):
        assert all(order.index(caller) > position for caller in callers(module, callee))


@pytest.mark.parametrize("name", [name for name in STORED if "grad" in name])
def test_applied_computations_have_no_executions(name: str) -> None:
    pricing = price(read(stored(name)))
    for computation in pricing.module.computations:
        assert (computation in pricing.executions) == (
            computation == pricing.module.entry or bool(callers(pricing.module, computation))
        )


SHARED = """HloModule m

%twice (a: f32[3]) -> f32[3] {
  %a = f32[3]{0} parameter(0)
  %b = f32[3]{0} sine(%a)
  ROOT %c = f32[3]{0} sine(%b)
}

%four (d: f32[3]) -> f32[3] {
  %d = f32[3]{0} parameter(0)
  %e = f32[3]{0} call(%d), to_apply=%twice
  ROOT %f = f32[3]{0} call(%e), to_apply=%twice
}

ENTRY %main (g: f32[3]) -> f32[3] {
  %g = f32[3]{0} parameter(0)
  %h = f32[3]{0} call(%g), to_apply=%four
  %i = f32[3]{0} call(%h), to_apply=%twice
  ROOT %j = f32[3]{0} call(%i), to_apply=%four
}
"""


def test_each_call_of_a_shared_computation_runs_it() -> None:
    pricing = price(read(SHARED))
    assert dict(pricing.executions) == {"main": 1, "four": 2, "twice": 5}
    assert pricing.total.transcendentals == 5 * 2 * 3


def test_doubling_calls_stay_cheap() -> None:
    blocks = ["HloModule m", SHARED.split("\n\n")[1]]
    for level in range(60):
        callee = "twice" if level == 0 else f"level{level - 1}"
        blocks.append(
            f"%level{level} (d: f32[3]) -> f32[3] {{\n  %d = f32[3]{{0}} parameter(0)\n"
            f"  %e = f32[3]{{0}} call(%d), to_apply=%{callee}\n"
            f"  ROOT %f = f32[3]{{0}} call(%e), to_apply=%{callee}\n}}"
        )
    blocks.append(blocks.pop().replace("%level59", "ENTRY %level59", 1))
    assert price(read("\n\n".join(blocks))).total.transcendentals == 6 * 2**60
