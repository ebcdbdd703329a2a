"""The order of marks, and the rules they merge to."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import pytest

from pytest_jaxcost.plugin.markers import rules_for
from pytest_jaxcost.plugin.rules import Rules
from pytest_jaxcost.report import Limits

LEVELS = """
    import pytest

    pytestmark = pytest.mark.jaxcost(eqns=1)
    jaxcost = pytest.mark.jaxcost

    def test_module(): ...

    @jaxcost(eqns=2)
    class TestBase:
        def test_class(self): ...

        @jaxcost(eqns=3)
        def test_function(self): ...

        @jaxcost(eqns=3)
        @pytest.mark.parametrize("x", [1, pytest.param(2, marks=jaxcost(eqns=4))])
        def test_param(self, x): ...

        @jaxcost(eqns=5)
        @jaxcost(eqns=6)
        def test_stacked(self): ...

        class TestInner:
            def test_outer_class(self): ...

            @jaxcost(eqns=None)
            def test_cleared(self): ...

    @jaxcost(eqns=7)
    class TestSub(TestBase): ...

    class TestPlainSub(TestBase): ...

    @jaxcost(max_flops=8)
    class TestOtherKey(TestBase): ...

    class TestInBody(TestBase):
        pytestmark = [jaxcost(eqns=9)]
"""
EXPECTED = {
    "test_module": {"eqns": 1},
    "TestBase::test_class": {"eqns": 2},
    "TestBase::test_function": {"eqns": 3},
    "TestBase::test_param[1]": {"eqns": 3},
    "TestBase::test_param[2]": {"eqns": 4},
    "TestBase::test_stacked": {"eqns": 6},
    "TestBase::TestInner::test_outer_class": {"eqns": 2},
    "TestBase::TestInner::test_cleared": {"eqns": None},
    "TestSub::test_class": {"eqns": 7},
    "TestSub::test_function": {"eqns": 3},
    "TestSub::test_param[2]": {"eqns": 4},
    "TestSub::TestInner::test_outer_class": {"eqns": 7},
    "TestPlainSub::test_class": {"eqns": 2},
    "TestOtherKey::test_class": {"eqns": 2, "max_flops": 8},
    "TestInBody::test_class": {"eqns": 9},
    "TestInBody::test_function": {"eqns": 3},
}


def values(pytester: pytest.Pytester, source: str) -> Mapping[str, Mapping[str, Any]]:
    items = pytester.getitems(textwrap.dedent(source))
    return {
        item.nodeid.partition("::")[2]: dict(rules_for(item, ()).limits.values) for item in items
    }


def test_the_most_specific_mark_wins(pytester: pytest.Pytester) -> None:
    found = values(pytester, LEVELS)
    assert {name: found[name] for name in EXPECTED} == EXPECTED


def test_marks_added_by_a_conftest_file_go_where_pytest_puts_them(
    pytester: pytest.Pytester,
) -> None:
    item = pytester.getitem(
        "import pytest\n@pytest.mark.jaxcost(eqns=1)\ndef test_it(): ...", "test_it"
    )
    item.add_marker(pytest.mark.jaxcost(eqns=2, flops=2))
    assert rules_for(item, ()).limits.values == {"eqns": 1, "flops": 2}
    item.add_marker(pytest.mark.jaxcost(eqns=3), append=False)
    assert rules_for(item, ()).limits.values == {"eqns": 3, "flops": 2}


MERGED = """
    import pytest

    @pytest.mark.jaxcost(max_flops=1, mode="warn", target="cpu", ignore="sort")
    class TestIt:
        def test_as_class(self): ...

        @pytest.mark.jaxcost(max_eqns=2, mode=None, target=None, ignore=None)
        def test_cleared(self): ...

        @pytest.mark.jaxcost(mode="off", ignore=("cumsum", "sort"))
        def test_replaced(self): ...
"""


def test_mode_target_and_ignore_merge_like_limits(pytester: pytest.Pytester) -> None:
    first, cleared, replaced = (
        rules_for(i, ()) for i in pytester.getitems(textwrap.dedent(MERGED))
    )
    assert _own(first) == ("warn", "cpu", {"sort"})
    assert _own(cleared) == ("fail", None, set())
    assert _own(replaced) == ("off", "cpu", {"cumsum", "sort"})
    where = {key: origin.partition(":")[2] for key, origin in cleared.limits.origins.items()}
    assert (where["max_flops"], where["max_eqns"], where["mode"]) == ("3", "7", "7")


def _own(rules: Rules) -> tuple[str, str | None, set[str]]:
    return rules.mode, rules.target, set(rules.ignore)


MUST = {
    "max_flops=1": True,
    "": True,
    "target='cpu'": True,
    "max_flops=1, mode='warn'": True,
    "max_flops=1, mode='off'": False,
    "max_flops=None": False,
    "max_flops=None, max_eqns=3": True,
}


@pytest.mark.parametrize("written", MUST)
def test_what_must_measure(pytester: pytest.Pytester, written: str) -> None:
    """A marker that clears every limit is how a test opts out of its class's or module's."""
    item = pytester.getitem(
        f"import pytest\n@pytest.mark.jaxcost({written})\ndef test_it(): ...", "test_it"
    )
    assert rules_for(item, ()).must_measure is MUST[written]


def test_only_marked_tests_must_measure(pytester: pytest.Pytester) -> None:
    item = pytester.getitem("def test_it(): ...", "test_it")
    rules = rules_for(item, [Limits.of({"max_flops": 1}, origin="--jaxcost-max flops=1")])
    assert (rules.marked, rules.judges, rules.must_measure) == (False, True, False)
