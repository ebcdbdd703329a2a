"""Numbers of a report are ints in all respects but one: they know where they were read."""

from __future__ import annotations

import copy
import gc
import json
import operator
import pickle
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from pytest_jaxcost.report import Findings, Report
from pytest_jaxcost.report.numbers import Number

from .fake import Fake, attention

REPORT = Report(Fake(found={"duplicates": Findings([attention()])}))

READ: dict[str, Callable[[Report], int]] = {
    "eqns": lambda report: report.eqns,
    "flops": lambda report: report.flops,
    "transcendentals": lambda report: report.transcendentals,
    "bytes_accessed": lambda report: report.bytes_accessed,
    "waste": lambda report: report.waste,
    'primitives["mul"]': lambda report: report.primitives["mul"],
    'executions["mul"]': lambda report: report.executions["mul"],
    "duplicates.count": lambda report: report.duplicates.count,
    "duplicates.flops": lambda report: report.duplicates.flops,
    "duplicates.transcendentals": lambda report: report.duplicates.transcendentals,
    "duplicates.operations": lambda report: report.duplicates.operations,
    "duplicates.bytes_accessed": lambda report: report.duplicates.bytes_accessed,
    "duplicates.nbytes": lambda report: report.findings("duplicates").nbytes,
    'survivors("dead").count': lambda report: report.survivors("dead").count,
}


@pytest.mark.parametrize("label", READ)
def test_it_knows_its_origin(label: str) -> None:
    number = READ[label](REPORT)
    assert isinstance(number, Number)
    assert (number.origin.label, number.origin.of) == (label, "grad(loss)")


@pytest.mark.parametrize("label", READ)
def test_it_equals_hashes_and_reads_as_an_int(label: str) -> None:
    number = READ[label](REPORT)
    plain = int(number)
    assert type(plain) is int
    assert number == plain
    assert hash(number) == hash(plain)
    assert {plain: "found"}[number] == "found"
    assert (repr(number), f"{number:,}") == (repr(plain), f"{plain:,}")


BINARY = (
    *(operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod),
    *(operator.and_, operator.or_, operator.xor, operator.pow),
)


@pytest.mark.parametrize("compute", BINARY)
def test_arithmetic_gives_plain_ints(compute: Callable[[Any, Any], Any]) -> None:
    number = REPORT.primitives["mul"]
    for result in (compute(number, 3), compute(3, number), compute(number, number)):
        assert type(result) is int
    assert compute(number, 3) == compute(4, 3)


@pytest.mark.parametrize("compute", [operator.neg, operator.pos, abs, operator.invert, round])
def test_one_sided_arithmetic_too(compute: Callable[[Any], Any]) -> None:
    assert type(compute(REPORT.primitives["mul"])) is int
    assert type(sum([REPORT.flops, REPORT.eqns])) is int


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_travels_is_a_plain_int(protocol: int) -> None:
    number = REPORT.flops
    copies = [
        pickle.loads(pickle.dumps(number, protocol)),
        json.loads(json.dumps({"flops": number}))["flops"],
        copy.copy(number),
        copy.deepcopy({"flops": [number]})["flops"][0],
    ]
    assert copies == [33_800_000] * 4
    assert {type(each) for each in copies} == {int}


def test_plain_data_has_plain_ints() -> None:
    def leaves(data: Any) -> list[Any]:
        if isinstance(data, (dict, list)):
            inner = data.values() if isinstance(data, dict) else data
            return [leaf for each in inner for leaf in leaves(each)]
        return [data]

    data = REPORT.to_dict()
    assert data["primitives"] == {"dot_general": 5, "mul": 4, "tanh": 2}
    assert Number not in {type(leaf) for leaf in leaves(data)}


@pytest.mark.parametrize("label", READ)
def test_a_number_keeps_no_report_alive(label: str) -> None:
    report = Report(Fake(found={"duplicates": Findings([attention()])}))
    number = READ[label](report)
    alive = weakref.ref(report)
    gc.disable()
    try:
        del report
        assert alive() is None
    finally:
        gc.enable()
    assert isinstance(number, Number)
    assert number.origin.findings() is not None


def test_no_cycle_keeps_a_measurement_alive() -> None:
    fake = Fake(found={"duplicates": Findings([attention()])})
    numbers = [read(Report(fake)) for read in READ.values()]
    alive = weakref.ref(fake)
    gc.disable()
    try:
        del fake, numbers
        assert alive() is None
    finally:
        gc.enable()
