"""``--jaxcost-library``: frames of a package are not the user's own code."""

from __future__ import annotations

import pytest

LAYERS = """
    import jax.numpy as jnp

    def layer(x):
        return jnp.sin(x) + jnp.cos(jnp.sin(x))
"""
TEST = """
    import jax.numpy as jnp
    import pytest
    from layers import layer

    @pytest.mark.jaxcost(max_duplicates=0)
    def test_layer(jaxcost):
        jaxcost(lambda x: layer(x), jnp.ones(64))
"""


@pytest.fixture
def tested(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.mkpydir("layers").joinpath("__init__.py").write_text(_dedented(LAYERS))
    pytester.makepyfile(test_layers=TEST)
    return pytester


def _dedented(source: str) -> str:
    return "\n".join(line[4:] for line in source.splitlines())


def test_without_it_the_place_is_in_the_package(tested: pytest.Pytester) -> None:
    result = tested.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*layers/__init__.py:5 in layer*"])


def test_by_flag_it_is_where_the_package_is_called(tested: pytest.Pytester) -> None:
    result = tested.runpytest_subprocess("-p", "no:cacheprovider", "--jaxcost-library=layers")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*test_layers.py:7 in test_layer*"])
    result.stdout.no_fnmatch_line("*layers/__init__.py*")


def test_by_ini_it_is_where_the_package_is_called(tested: pytest.Pytester) -> None:
    tested.makeini("[pytest]\njaxcost_library = layers\n")
    result = tested.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*test_layers.py:7 in test_layer*"])
    result.stdout.no_fnmatch_line("*layers/__init__.py*")
