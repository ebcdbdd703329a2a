"""What stands in a program several times, and what counts its loops."""

from __future__ import annotations

from pytest_jaxcost.hlo import price, read
from pytest_jaxcost.hlo.counters import counting
from pytest_jaxcost.hlo.sites import sites

CALLS = """HloModule m

inner.1 {
  ROOT p.1 = f32[4]{0} parameter(0)
}

outer.2 {
  p.2 = f32[4]{0} parameter(0)
  a.1 = f32[4]{0} call(p.2), to_apply=inner.1
  ROOT b.1 = f32[4]{0} call(a.1), to_apply=inner.1
}

ENTRY main.3 {
  p.3 = f32[4]{0} parameter(0)
  c.1 = f32[4]{0} call(p.3), to_apply=outer.2
  d.1 = f32[4]{0} call(c.1), to_apply=outer.2
  ROOT e.1 = f32[4]{0} call(d.1), to_apply=inner.1
}
"""

LOOP = """HloModule m

body.1 {
  carry.1 = (s32[], f32[4]{0}) parameter(0)
  i.1 = s32[] get-tuple-element(carry.1), index=0
  x.1 = f32[4]{0} get-tuple-element(carry.1), index=1
  one.1 = s32[] constant(1)
  next.1 = s32[] add(i.1, one.1)
  y.1 = f32[4]{0} add(x.1, x.1)
  ROOT out.1 = (s32[], f32[4]{0}) tuple(next.1, y.1)
}

condition.2 {
  carry.2 = (s32[], f32[4]{0}) parameter(0)
  i.2 = s32[] get-tuple-element(carry.2), index=0
  n.2 = s32[] constant(5)
  ROOT less.2 = pred[] compare(i.2, n.2), direction=LT
}

ENTRY main.3 {
  zero.3 = s32[] constant(0)
  x.3 = f32[4]{0} parameter(0)
  start.3 = (s32[], f32[4]{0}) tuple(zero.3, x.3)
  also.3 = s32[] add(zero.3, zero.3)
  ROOT loop.3 = (s32[], f32[4]{0}) while(start.3), condition=condition.2, body=body.1
}
"""


def test_callers_are_multiplied() -> None:
    assert dict(sites(price(read(CALLS)))) == {"main.3": 1, "outer.2": 2, "inner.1": 5}


def test_a_loop_stands_once() -> None:
    assert dict(sites(price(read(LOOP)))) == {"main.3": 1, "body.1": 1, "condition.2": 1}


def test_only_single_integers_of_a_loop_count_it() -> None:
    found = counting(price(read(LOOP)))
    assert {("body.1", "next.1"), ("condition.2", "less.2")} <= found
    assert not {("body.1", "y.1"), ("main.3", "also.3")} & found
