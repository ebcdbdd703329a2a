from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from pytest_jaxcost.report import (
    METRICS,
    SUBJECTS,
    LimitError,
    Limits,
    Relation,
    Report,
    limit_names,
)

from .fake import Fake

FAKE = Fake()
REPORT = Report(FAKE)


def parsed(**limits: Any) -> list[tuple[str, Relation, Fraction]]:
    settings = Limits.of(limits).parse(FAKE)
    return [(each.label, each.relation, each.bound.value) for each in settings.limits]


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_has_a_maximum_a_minimum_and_an_exact_limit(metric: str) -> None:
    name = metric.removeprefix("compiled.")
    unit = "kop" if METRICS[metric].unit == "op" else "k"
    limits = {f"max_{name}": f"2 {unit}", f"min_{name}": f"1 {unit}", name: f"3 {unit}"}
    scoped = limits if name == metric else {"compiled": limits}
    assert parsed(**scoped) == [
        (metric, Relation.MAX, 2000),
        (metric, Relation.MIN, 1000),
        (metric, Relation.EXACTLY, 3000),
    ]
    assert name != metric or set(limits) <= set(limit_names())


def test_there_are_few_subjects_to_know() -> None:
    assert len(SUBJECTS) <= 35


BOUNDS_ON_FINDINGS: list[tuple[Any, str, str, str | None, Fraction]] = [
    # bound, what is read, its unit, what a share is of, the value
    (3, "count", "findings", None, Fraction(3)),
    ("3", "count", "findings", None, Fraction(3)),
    ("1.5k", "count", "findings", None, Fraction(1500)),
    ("2 kop", "operations", "op", "operations", Fraction(2000)),
    ("2 ops", "operations", "op", "operations", Fraction(2)),
    ("3 Mop", "operations", "op", "operations", Fraction(3_000_000)),
    ("5%", "operations", "op", "operations", Fraction(1, 20)),
    ("2x", "count", "findings", None, Fraction(2)),
]
KINDS = [name for name, subject in SUBJECTS.items() if subject.unit == "findings"]


@pytest.mark.parametrize(("bound", "reads", "unit", "whole", "value"), BOUNDS_ON_FINDINGS, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_the_unit_says_what_of_findings_is_meant(
    kind: str, bound: Any, reads: str, unit: str, whole: str | None, value: Fraction
) -> None:
    whole = "operations as written" if whole and kind == "dead" else whole
    limits = {f"max_{kind}": bound, "compiled": {f"max_{kind}": bound}}
    found = Limits.of({**limits, "relative_to": REPORT}).parse(FAKE).limits
    assert [each.label for each in found] == [kind, f"compiled.{kind}"]
    for limit, stage in zip(found, ("traced", "compiled"), strict=True):
        subject = limit.subject
        assert (subject.reads, subject.unit, subject.whole) == ((kind, reads), unit, whole)
        assert (subject.stage, limit.bound.value) == (stage, value)


AMOUNTS_OF_OPERATIONS = [("5%", Fraction(1, 20)), ("2 kop", Fraction(2000)), (0, Fraction(0))]


@pytest.mark.parametrize(("bound", "value"), [*AMOUNTS_OF_OPERATIONS, ("0", Fraction(0))])
def test_waste_takes_a_share_an_amount_and_a_plain_0(bound: Any, value: Fraction) -> None:
    compiled = {"max_waste": bound, "max_recomputed_by_xla": bound}
    found = Limits.of({"max_waste": bound, "compiled": compiled}).parse(FAKE).limits
    assert [each.bound.value for each in found] == [value] * 3
    assert [each.subject.whole for each in found] == ["operations"] * 2 + ["compiled.operations"]
    assert {each.subject.reads[1] for each in found} == {"operations"}


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


def test_counts_by_name_of_the_compiled_program_are_of_opcodes() -> None:
    counts = {"max_opcodes": {"dot": 4}, "executions": {"dot": 40}, "forbid": "custom-call"}
    assert parsed(compiled=counts) == [
        ('compiled.opcodes["dot"]', Relation.MAX, 4),
        ('compiled.executions["dot"]', Relation.EXACTLY, 40),
        ('compiled.opcodes["custom-call"]', Relation.MAX, 0),
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


ALL = "(docs/limits.md has all)"
NOT_A_PART = (
    'is no part of another number; a share is for waste and for findings, as in max_duplicates="5%"'
)
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"max_flop": 1}, f"unknown limit 'max_flop'; did you mean 'max_flops'? {ALL}"),
    (
        {"splendid": 1},
        (
            "unknown limit 'splendid'. Limits are max_, min_ or nothing before a name such as"
            f" flops, waste, duplicates {ALL}"
        ),
    ),
    ({"primitive": 1}, f"unknown limit 'primitive'; did you mean 'primitives'? {ALL}"),
    ({"max_eqns": 1.5}, 'max_eqns=1.5: 1.5 is not a whole number; write 12, "1.5k" or "2M"'),
    (
        {"max_flops": "24 MiB"},
        (
            "max_flops='24 MiB': '24 MiB' is in bytes, and this limit takes flop;"
            ' write 2000000, "2 MFLOP" or "1.5 GFLOP"'
        ),
    ),
    ({"max_flops": "5%"}, f"max_flops='5%': flops {NOT_A_PART}"),
    (
        {"max_primitives": {"tanh": "5%"}},
        f"max_primitives['tanh']='5%': primitives {NOT_A_PART}",
    ),
    (
        {"max_duplicates": "2 kFLOP"},
        (
            "max_duplicates='2 kFLOP': '2 kFLOP' is in flop, and this limit takes a number of"
            ' findings, operations or a share; write 0, "2 kop" or "5%"'
        ),
    ),
    ({"max_waste": 5}, 'max_waste=5: 5 has no unit; write 0, "2 kop" or "5%"'),
    ({"max_waste": "5k"}, "max_waste='5k': '5k' has no unit; write 0, \"2 kop\" or \"5%\""),
    (
        {"max_flops": "2 kop"},
        (
            "max_flops='2 kop': '2 kop' is in op, and this limit takes flop;"
            ' write 2000000, "2 MFLOP" or "1.5 GFLOP"'
        ),
    ),
    (
        {"max_flops": "5x"},
        (
            "max_flops='5x' is a multiple of another report; pass that report, or a function, as"
            " relative_to="
        ),
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
        {"compiled": {"max_opcodes": {"dto": 4}}},
        "compiled: max_opcodes: 'dto' is not an opcode of HLO; did you mean 'dot'?",
    ),
    (
        {"compiled": {"opcodes": {"sin": 1}}},
        (
            "compiled: opcodes: 'sin' is not an opcode of HLO; did you mean 'sinh' or 'sine' or"
            " 'sign'?"
        ),
    ),
    (
        {"compiled": {"opcodes": {"all-gather-start": 1}}},
        "compiled: opcodes: 'all-gather-start' is not an opcode of HLO; did you mean 'all-gather'?",
    ),
    (
        {"compiled": {"forbid": "custom_call"}},
        "compiled: forbid: 'custom_call' is not an opcode of HLO; did you mean 'custom-call'?",
    ),
    ({"compiled": {"forbid": (1,)}}, "compiled: forbid: 1 is not an opcode of HLO"),
    ({"compiled": {"forbid": ()}}, 'compiled: forbid=(): not names; write forbid=("dot",)'),
    (
        {"compiled": {"max_collectives": {"allgather": 0}}},
        (
            "compiled: max_collectives: 'allgather' is not a kind of collective; did you mean"
            " 'all-gather'?"
        ),
    ),
    (
        {"compiled": {"max_collectives": {"dot": 0}}},
        "compiled: max_collectives: 'dot' is not a kind of collective",
    ),
    (
        {"compiled": {"max_executions": 4}},
        'compiled: max_executions=4: not counts by name; write max_executions={"dot": 2}',
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
        (
            "relative_to=3 is no report and no function; pass what measure gave, or a function"
            " that takes the same arguments"
        ),
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


def test_scopes_merge_key_by_key_too() -> None:
    ini = Limits.of({"compiled": {"max_flops": 9, "max_temp_bytes": 8}}, origin="ini")
    phases = {"forward": {"max_flops": 7}, "backward": {"max_flops": 6, "max_eqns": 5}}
    module = Limits.of({"phases": phases, "scopes": {"f": {"max_eqns": 4}}}, origin="module")
    here = {
        "compiled": {"max_flops": 3},
        "phases": {"forward": None, "backward": {"max_eqns": 2}},
        "scopes": None,
    }
    merged = Limits.of(here, origin="here").over(module).over(ini).parse(FAKE)
    assert {each.label: (each.bound.value, each.origin) for each in merged.limits} == {
        "compiled.flops": (3, "here"),
        "compiled.temp_bytes": (8, "ini"),
        "phases.backward.flops": (6, "module"),
        "phases.backward.eqns": (2, "here"),
    }


@pytest.mark.parametrize("key", ["max_flop", "ignore", "max_flops"])
def test_an_error_says_where_the_limit_was_written(key: str) -> None:
    value = {"ignore": ["mull"], "max_flops": "5x"}.get(key, 1)
    with pytest.raises(LimitError, match=r" \(marker at test_x\.py:3\)$"):
        Limits.of({key: value}, origin="marker at test_x.py:3").parse(FAKE)


SCOPES: list[dict[str, Any]] = [
    {"compiled": {"max_flop": 1}},
    {"compiled": 3},
    {"phases": {"backward": {"max_flop": 1}}},
    {"phases": {"backward": 3}},
    {"phases": {"sideward": {}}},
    {"phases": {"backward": {"compiled": {"max_flops": 1}}}},
]


@pytest.mark.parametrize("limits", SCOPES, ids=str)
def test_an_error_in_a_scope_says_once_where_the_limit_was_written(limits: dict[str, Any]) -> None:
    with pytest.raises(LimitError, match=r" \(marker at test_x\.py:3\)$") as error:
        Limits.of(limits, origin="marker at test_x.py:3").parse(FAKE)
    assert str(error.value).count("marker") == 1


def test_limits_merge_key_by_key_with_their_origins() -> None:
    ini = Limits.of({"max_flops": 10, "max_dead": 0, "primitives": {"sin": 1}}, origin="ini")
    marker = Limits.of({"max_flops": 20, "max_dead": None, "primitives": {"cos": 1}}, origin="here")
    settings = marker.over(ini).parse(FAKE)
    assert [(each.label, each.bound.value, each.origin) for each in settings.limits] == [
        ("flops", 20, "here"),
        ('primitives["cos"]', 1, "here"),
    ]
    assert [each.origin for each in ini.over(marker).parse(FAKE).limits] == ["ini"] * 3
