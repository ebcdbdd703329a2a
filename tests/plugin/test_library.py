"""``--jaxcost-library`` and ``--jaxcost-own``: which packages are the user's own code."""

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


def test_by_flag_what_it_repeats_is_its_own(tested: pytest.Pytester) -> None:
    result = tested.runpytest_subprocess("-p", "no:cacheprovider", "--jaxcost-library=layers")
    result.assert_outcomes(passed=1)


def test_by_ini_what_it_repeats_is_its_own(tested: pytest.Pytester) -> None:
    tested.makeini("[pytest]\njaxcost_library = layers\n")
    result = tested.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)


def test_calling_it_twice_is_a_finding_where_it_is_called(tested: pytest.Pytester) -> None:
    tested.makepyfile(test_layers=TEST.replace("layer(x), ", "layer(x) * layer(x), "))
    result = tested.runpytest_subprocess("-p", "no:cacheprovider", "--jaxcost-library=layers")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*test_layers.py:7 in test_layer*"])
    result.stdout.no_fnmatch_line("*layers/__init__.py*")


@pytest.fixture
def installed(tested: pytest.Pytester) -> pytest.Pytester:
    """The package where the interpreter's packages are, for the plugin and for the test."""
    packages = tested.mkdir("site-packages")
    (tested.path / "layers").rename(packages / "layers")
    conftest = f"""
        import os, sys
        from pytest_jaxcost import _compat
        sys.path.insert(0, {str(packages)!r})
        _compat._PACKAGES += ({str(packages)!r} + os.sep,)
    """
    tested.makeconftest(conftest)
    return tested


def test_an_installed_package_is_a_library(installed: pytest.Pytester) -> None:
    installed.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_by_flag_an_installed_package_is_one_s_own(installed: pytest.Pytester) -> None:
    result = installed.runpytest_subprocess("-p", "no:cacheprovider", "--jaxcost-own=layers")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*layers/__init__.py:5 in layer*"])


def test_by_ini_an_installed_package_is_one_s_own(installed: pytest.Pytester) -> None:
    installed.makeini("[pytest]\njaxcost_own = layers\n")
    result = installed.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*layers/__init__.py:5 in layer*"])
