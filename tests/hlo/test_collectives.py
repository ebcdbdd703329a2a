"""Collectives by kind: their forms, multiplicity and bytes."""

from __future__ import annotations

import pytest

from pytest_jaxcost.hlo import Collective, analyze, read
from tests.hlo.texts import STORED, stored

PART = 4 * 8 * 4  # bytes of one device's part of f32[16,8]
W = 64 * 256 * 4  # bytes of one weight matrix
X = 128 * 64 * 4  # bytes of the batch


def of(name: str) -> dict[str, Collective]:
    return dict(analyze(read(stored(name))).collectives)


def one(kind: str, count: int, executions: int, size: int) -> dict[str, Collective]:
    return {kind: Collective(count=count, executions=executions, bytes=size)}


SINGLE = {
    "psum": ("all-reduce", 1, PART),
    "all_gather": ("all-gather", 1, 4 * PART),
    "psum_scatter": ("reduce-scatter", 1, PART),
    "ppermute": ("collective-permute", 1, PART),
    "all_to_all": ("all-to-all", 1, PART),
    "psum_in_scan": ("all-reduce", 5, 5 * PART),
    "ppermute_in_scan": ("collective-permute", 3, 3 * PART),
}
BACKENDS = sorted({name.partition("/")[0] for name in STORED})


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("program", SINGLE)
def test_each_kind_counts_once_whatever_its_form(program: str, backend: str) -> None:
    kind, executions, size = SINGLE[program]
    if program == "psum_scatter" and backend.startswith("tpu"):
        kind = "all-reduce"  # of so little, TPU compilers reduce everything and slice
    found = of(f"{backend}/sharded_{program}")
    assert found == one(kind, 1, executions, size)


def test_some_of_the_forms_are_asynchronous() -> None:
    forms = {
        each.opcode
        for name in STORED
        if "/sharded_" in name
        for each in read(stored(name)).instructions
        if each.opcode.endswith("-start")
    }
    assert forms >= {
        *("all-gather-start", "all-reduce-start", "all-to-all-start"),
        *("collective-permute-start", "reduce-scatter-start"),
    }


@pytest.mark.parametrize("backend", BACKENDS)
def test_data_parallel_gradients_are_reduced_once(backend: str) -> None:
    found = of(f"{backend}/sharded_data_parallel")
    assert found.keys() == {"all-reduce"}
    assert found["all-reduce"].bytes == 2 * W


@pytest.mark.parametrize("backend", BACKENDS)
def test_tensor_parallel_layers_reduce_one_activation(backend: str) -> None:
    assert of(f"{backend}/sharded_tensor_parallel") == one("all-reduce", 1, 1, X)


@pytest.mark.parametrize("backend", BACKENDS)
def test_fully_sharded_weights_are_gathered_once_each(backend: str) -> None:
    found = of(f"{backend}/sharded_fully_sharded")
    scattering = "all-reduce" if backend.startswith("cpu") else "reduce-scatter"
    assert found.keys() == {"all-gather", scattering}
    width = 2 if backend.startswith("tpu") else 4  # TPUs gather what their matrix units take
    assert found["all-gather"].bytes == 2 * 64 * 256 * width
    assert found[scattering].bytes == 2 * W


def test_a_collective_spread_over_fusions_is_in_the_texts() -> None:
    text = stored("tpu-0.12.0.1/sharded_fully_sharded")
    assert text.count(" all-gather(") == 4
    assert of("tpu-0.12.0.1/sharded_fully_sharded")["all-gather"].count == 2
    assert analyze(read(text)).opcodes["all-gather"] == 2


def test_without_a_mesh_there_are_none() -> None:
    assert of("tpu-0.12.0.1/grad_mlp") == {}
