from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from pytest_jaxcost.report import (
    FAMILIES,
    METRICS,
    LimitError,
    Limits,
    Relation,
    Report,
    limit_names,
)

from .fake import Fake

FAKE = Fake()
REPORT = Report(FAKE)
PARTS = [metric.name for metric in METRICS.values() if metric.whole is not None]
LISTED = [name for name in PARTS if not name.startswith("surviving_")]


def parsed(**limits: Any) -> list[tuple[str, Relation, Fraction]]:
    settings = Limits.of(limits).parse(FAKE)
    return [(each.label, each.relation, each.bound.value) for each in settings.limits]


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_has_a_maximum_a_minimum_and_an_exact_limit(metric: str) -> None:
    limits = {f"max_{metric}": 3, f"min_{metric}": 1, metric: 2}
    assert parsed(**limits) == [
        (metric, Relation.MAX, 3),
        (metric, Relation.MIN, 1),
        (metric, Relation.EXACTLY, 2),
    ]
    assert set(limits) <= set(limit_names())


@pytest.mark.parametrize("family", ["primitives", "executions"])
def test_counts_by_name_are_a_limit_for_each_name(family: str) -> None:
    counts = {"tanh": 2, "sin": "1k", "cos": None}
    for prefix, relation in (
        ("", Relation.EXACTLY),
        ("max_", Relation.MAX),
        ("min_", Relation.MIN),
    ):
        assert parsed(**{prefix + family: counts}) == [
            (f'{family}["tanh"]', relation, 2),
            (f'{family}["sin"]', relation, 1000),
        ]


@pytest.mark.parametrize("names", ["while", ("while",), ["while"], {"while"}])
def test_forbidding_is_allowing_none(names: object) -> None:
    assert parsed(forbid=names) == [('primitives["while"]', Relation.MAX, 0)]


def test_none_clears() -> None:
    assert parsed(max_flops=None, forbid=None, primitives=None, max_dead=0) == [
        ("dead", Relation.MAX, 0)
    ]


def test_what_to_ignore_and_what_to_compare_with_are_no_limits() -> None:
    settings = Limits.of({"ignore": "mul", "relative_to": REPORT}).parse(FAKE)
    assert (settings.limits, settings.ignore) == ((), {"mul"})
    assert settings.relative_to is REPORT


ACCEPTED = (
    "Accepted are max_<metric>, min_<metric> and <metric> of eqns, flops, transcendentals,"
    f" {', '.join([*list(METRICS)[3:], *FAMILIES])};"
    " and forbid, forbid_ops, phases, ignore, relative_to"
)
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"max_flop": 1}, f"unknown limit 'max_flop'; did you mean 'max_flops'? {ACCEPTED}"),
    ({"splendid": 1}, f"unknown limit 'splendid'. {ACCEPTED}"),
    ({"primitive": 1}, f"unknown limit 'primitive'; did you mean 'primitives'? {ACCEPTED}"),
    ({"max_eqns": 1.5}, 'max_eqns=1.5: 1.5 is not a whole number; write 12, "1.5k" or "2M"'),
    (
        {"max_flops": "24 MiB"},
        (
            "max_flops='24 MiB': '24 MiB' is in bytes, and this limit takes flop;"
            ' write 2000000, "2 MFLOP" or "1.5 GFLOP"'
        ),
    ),
    (
        {"max_flops": "5%"},
        (
            "max_flops='5%': flops is not a part of another metric; shares are for"
            f" {', '.join(LISTED)}, surviving_waste and the like"
        ),
    ),
    (
        {"max_primitives": {"tanh": "5%"}},
        (
            "max_primitives['tanh']='5%': primitives is not a part of another metric; shares are"
            f" for {', '.join(LISTED)}, surviving_waste and the like"
        ),
    ),
    (
        {"max_flops": "5x"},
        "max_flops='5x' is a multiple of another report; pass that report as relative_to=",
    ),
    (
        {"primitives": {"tnh": 1}},
        "primitives: no JAX primitive is named 'tnh'; did you mean 'tanh' or 'tan'?",
    ),
    (
        {"executions": {"zzz": 1}},
        "executions: no JAX primitive is named 'zzz'",
    ),
    ({"forbid": ("wile",)}, "forbid: no JAX primitive is named 'wile'; did you mean 'while'?"),
    (
        {"max_ops": {"dto": 4}},
        "max_ops: 'dto' is not an opcode of HLO; did you mean 'dot'?",
    ),
    (
        {"ops": {"sin": 1}},
        "ops: 'sin' is not an opcode of HLO; did you mean 'sinh' or 'sine' or 'sign'?",
    ),
    (
        {"ops": {"all-gather-start": 1}},
        "ops: 'all-gather-start' is not an opcode of HLO; did you mean 'all-gather'?",
    ),
    (
        {"forbid_ops": "custom_call"},
        "forbid_ops: 'custom_call' is not an opcode of HLO; did you mean 'custom-call'?",
    ),
    ({"forbid_ops": (1,)}, "forbid_ops: 1 is not an opcode of HLO"),
    ({"forbid_ops": ()}, 'forbid_ops=(): not names; write forbid_ops=("dot",)'),
    (
        {"max_collectives": {"allgather": 0}},
        "max_collectives: 'allgather' is not a kind of collective; did you mean 'all-gather'?",
    ),
    (
        {"max_collectives": {"dot": 0}},
        "max_collectives: 'dot' is not a kind of collective",
    ),
    (
        {"max_op_executions": 4},
        'max_op_executions=4: not counts by name; write max_op_executions={"dot": 2}',
    ),
    ({"ignore": ["mull"]}, "ignore: no JAX primitive is named 'mull'; did you mean 'mul'?"),
    ({"forbid": (1,)}, "forbid: 1 is not the name of a primitive"),
    ({"forbid": 1}, 'forbid=1: not names; write forbid=("dot_general",)'),
    ({"forbid": ()}, 'forbid=(): not names; write forbid=("dot_general",)'),
    ({"ignore": 1}, 'ignore=1: not primitive names; write ignore=("mul",)'),
    (
        {"primitives": ["tanh"]},
        "primitives=['tanh']: not counts by name; write primitives={\"dot_general\": 2}",
    ),
    (
        {"max_primitives": {}},
        'max_primitives={}: not counts by name; write max_primitives={"dot_general": 2}',
    ),
    (
        {"primitives": {"tanh": -1}},
        "primitives['tanh']=-1: -1 is negative; nothing costs less than 0",
    ),
    (
        {"relative_to": 3, "max_flops": "5x"},
        "relative_to=3 is not a report; pass what measure gave",
    ),
]


@pytest.mark.parametrize(("limits", "message"), REFUSED, ids=str)
def test_a_limit_that_cannot_be_meant_is_refused(limits: dict[str, Any], message: str) -> None:
    with pytest.raises(LimitError) as error:
        REPORT.check(**limits)
    assert str(error.value) == message


def test_without_the_primitives_of_jax_their_names_are_left_unchecked() -> None:
    settings = Limits.of({"primitives": {"tnh": 1}}).parse()
    assert [limit.item for limit in settings.limits] == ["tnh"]


@pytest.mark.parametrize("key", ["max_flop", "ignore", "max_flops"])
def test_an_error_says_where_the_limit_was_written(key: str) -> None:
    value = {"ignore": ["mull"], "max_flops": "5x"}.get(key, 1)
    with pytest.raises(LimitError, match=r" \(marker at test_x\.py:3\)$"):
        Limits.of({key: value}, origin="marker at test_x.py:3").parse(FAKE)


def test_limits_merge_key_by_key_with_their_origins() -> None:
    ini = Limits.of({"max_flops": 10, "max_dead": 0, "primitives": {"sin": 1}}, origin="ini")
    marker = Limits.of({"max_flops": 20, "max_dead": None, "primitives": {"cos": 1}}, origin="here")
    settings = marker.over(ini).parse(FAKE)
    assert [(each.label, each.bound.value, each.origin) for each in settings.limits] == [
        ("flops", 20, "here"),
        ('primitives["cos"]', 1, "here"),
    ]
    assert [each.origin for each in ini.over(marker).parse(FAKE).limits] == ["ini"] * 3
