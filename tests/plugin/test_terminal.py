"""The table at the end of a run, the same wherever the tests ran."""

from __future__ import annotations

import pytest

from .programs import block, run

TESTS = """
    def test_two(jaxcost):
        jaxcost(twice, X)
        jaxcost.measure(once, (X,), name="wave")
        jaxcost(twice, X)

    @pytest.mark.jaxcost(max_eqns=0)
    def test_fails(jaxcost):
        jaxcost(once, X)

    @pytest.mark.jaxcost(max_eqns=1)
    def test_watched():
        jax.jit(once)(X)

    @pytest.fixture
    def report(jaxcost):
        return jaxcost(once, X)

    @pytest.mark.parametrize("n", [1, 2])
    def test_setup(report, n): ...

    def test_without(): ...
"""
TABLE = """\
name              eqns   flops  transc.  bytes  dupl.  dead
test_it.py::test_fails
  once               1  0 FLOP        8   64 B      0     0
test_it.py::test_setup[1]
  once               1  0 FLOP        8   64 B      0     0
test_it.py::test_setup[2]
  once               1  0 FLOP        8   64 B      0     0
test_it.py::test_two
  twice (x2)         3  8 FLOP       16  224 B      1     0
  wave               1  0 FLOP        8   64 B      0     0
test_it.py::test_watched
  once               1  0 FLOP        8   64 B      0     0
"""
HEAD = "- jaxcost -"


def shown(result: pytest.RunResult) -> list[str]:
    """The lines of the table, up to the summary of pytest."""
    return [line for line in block(result, HEAD, "=====") if line]


ARGUMENTS = ["", "-q", "-v", "-vv", "--tb=no -p no:logging", "-p xdist -n2 -v"]


@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_table(pytester: pytest.Pytester, arguments: str) -> None:
    result = run(pytester, TESTS, "--jaxcost-report", *arguments.split())
    result.assert_outcomes(passed=5, failed=1)
    assert shown(result) == TABLE.splitlines()


def test_color(pytester: pytest.Pytester) -> None:
    plain = run(pytester, TESTS, "--jaxcost-report", "--color=no").stdout.str()
    assert "\x1b" not in plain
    colored = run(pytester, TESTS, "--jaxcost-report", "--color=yes").outlines
    assert any(line.startswith("\x1b[1mname") for line in colored)


def test_nothing_measured(pytester: pytest.Pytester) -> None:
    result = run(pytester, "def test_it(): ...", "--jaxcost-report")
    assert shown(result) == ["nothing was measured"]


def test_no_table_unless_asked_for(pytester: pytest.Pytester) -> None:
    assert HEAD not in run(pytester, TESTS, "--tb=no").stdout.str()


def test_no_table_where_nothing_runs(pytester: pytest.Pytester) -> None:
    result = run(pytester, TESTS, "--jaxcost-report", "--collect-only")
    assert HEAD not in result.stdout.str()


@pytest.mark.parametrize(
    "workers", [[], pytest.param(["-p", "xdist", "-n1"], marks=pytest.mark.slow)]
)
def test_without_a_terminal(pytester: pytest.Pytester, workers: list[str]) -> None:
    result = run(pytester, TESTS, "--jaxcost-report", "-p", "no:terminal", *workers)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()


def test_crashed_worker_keeps_what_others_measured(pytester: pytest.Pytester) -> None:
    tests = """
        def test_a(jaxcost):
            jaxcost(once, X)

        def test_b():
            import os
            os._exit(1)
    """
    result = run(pytester, tests, "--jaxcost-report", "-p", "xdist", "-n1")
    result.assert_outcomes(passed=1, failed=1)
    assert shown(result)[1:] == [
        "test_it.py::test_a",
        "  once               1  0 FLOP        8   64 B      0     0",
    ]


STAGES = "- jaxcost: stages -"


def stages(pytester: pytest.Pytester, tests: str, *arguments: str) -> list[str]:
    """The lines of the section of stages, and that of the table is not there."""
    result = run(pytester, tests, "--jaxcost-stages", *arguments)
    assert "eqns   flops" not in result.stdout.str()
    return block(result, STAGES, "=====")


@pytest.mark.parametrize("arguments", ["", "-v", "-p xdist -n2"])
def test_stages(pytester: pytest.Pytester, arguments: str) -> None:
    lines = stages(pytester, TESTS, *arguments.split())
    assert max(map(len, lines)) <= 80
    assert [line for line in lines if line.startswith("test_it.py")] == [
        "test_it.py::test_fails",
        "test_it.py::test_setup[1]",
        "test_it.py::test_setup[2]",
        "test_it.py::test_two",
        "test_it.py::test_watched",
    ]
    heads = [line.split(":")[0].split()[0] for line in lines if "lowered and compiled" in line]
    assert heads == ["once", "once", "once", "twice", "wave", "once"]
    assert sum("(x2)" in line for line in lines) == 1
    assert sum("sine 2 -> 1" in line for line in lines) == 1
    assert sum(line.startswith("  eqns, instructions") for line in lines) == 6


def test_stages_and_table(pytester: pytest.Pytester) -> None:
    result = run(pytester, TESTS, "--jaxcost-stages", "--jaxcost-report")
    assert [line for line in block(result, HEAD, STAGES) if line] == TABLE.splitlines()


def test_stages_color(pytester: pytest.Pytester) -> None:
    assert not any("\x1b" in line for line in stages(pytester, TESTS, "--color=no"))
    assert any("\x1b[1m" in line for line in stages(pytester, TESTS, "--color=yes"))


def test_the_table_alone_compiles_nothing(pytester: pytest.Pytester) -> None:
    tests = """
        def test_it(jaxcost):
            assert not jaxcost(once, X).has_compiled
    """
    run(pytester, tests, "--jaxcost-report").assert_outcomes(passed=1)
    run(pytester, tests, "--jaxcost-stages").assert_outcomes(failed=1)
