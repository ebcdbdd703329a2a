"""The line on which a mark is written."""

from __future__ import annotations

import textwrap

import pytest

from pytest_jaxcost.plugin.marks import placed_marks
from pytest_jaxcost.plugin.places import line_of

WRITTEN = {
    "decorator": """
        import pytest

        @pytest.mark.filterwarnings("error")
        @pytest.mark.jaxcost(eqns=1)  # here
        def test_it(): ...
    """,
    "over several lines": """
        import pytest

        @pytest.mark.jaxcost(  # here
            eqns=1,
        )
        def test_it(): ...
    """,
    "from the second of two functions of one name": """
        import pytest

        @pytest.mark.jaxcost(eqns=1)
        def test_it(): ...

        @pytest.mark.jaxcost(eqns=1)  # here
        def test_it(): ...
    """,
    "param": """
        import pytest

        @pytest.mark.parametrize(
            "x",
            [
                pytest.param(1, marks=pytest.mark.jaxcost(eqns=1)),  # here
            ],
        )
        def test_it(x): ...
    """,
    "class": """
        import pytest

        @pytest.mark.jaxcost(eqns=1)  # here
        class TestIt:
            def test_it(self): ...
    """,
    "base class": """
        import pytest

        @pytest.mark.jaxcost(eqns=1)  # here
        class Base:
            def test_it(self): ...

        class TestIt(Base): ...
    """,
    "class body": """
        import pytest

        class TestIt:
            pytestmark = [
                pytest.mark.filterwarnings("error"),
                pytest.mark.jaxcost(eqns=1),  # here
            ]
            def test_it(self): ...
    """,
    "module": """
        import pytest

        @pytest.mark.filterwarnings("error")
        def test_it(): ...

        pytestmark = pytest.mark.jaxcost(eqns=1)  # here
    """,
    "imported mark": """
        from pytest import mark

        @mark.jaxcost(eqns=1)  # here
        def test_it(): ...
    """,
    "wrapped function": """
        import functools, pytest

        def wrap(function):
            @functools.wraps(function)
            def inner(*args): return function(*args)
            return inner

        @wrap
        @pytest.mark.jaxcost(eqns=1)  # here
        def test_it(): ...
    """,
    "value that is no literal": """
        import pytest
        ONE = 1

        @pytest.mark.jaxcost(eqns=ONE)  # here
        def test_it(): ...
    """,
    "mark in a variable: the function": """
        import pytest
        cheap = pytest.mark.jaxcost(eqns=1)

        @cheap  # here
        def test_it(): ...
    """,
    "made by exec: the test": """
        import pytest
        exec("@pytest.mark.jaxcost(eqns=1)\\ndef test_it(): ...")  # elsewhere
    """,
}


@pytest.mark.parametrize("written", WRITTEN)
def test_line_of_a_mark(pytester: pytest.Pytester, written: str) -> None:
    source = textwrap.dedent(WRITTEN[written]).strip("\n")
    item = pytester.getitems(source)[-1]
    (placed,) = placed_marks(item)
    lines = source.splitlines()
    here = next((number for number, text in enumerate(lines, 1) if text.endswith("# here")), 1)
    assert line_of(placed, item) == (item.path.name, here)
