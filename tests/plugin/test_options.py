"""Every option, by flag and by ini; what is wrong is one usage error that names it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pytest_jaxcost.plugin.options import OPTIONS

from .programs import run

TWICE = """
    def test_twice(jaxcost):
        jaxcost(twice, X)
"""

# Option, its values, whether the test passes with them, what is shown, what else is given.
EFFECTS = [
    ("max", ["duplicates=0"], False, "*duplicates 1 > 0   twice\n*set by {origin}", ()),
    ("max", ["flops=8 FLOP", "duplicates=1"], True, "", ()),
    ("max", ["flops=7 FLOP", "duplicates=0"], False, "*2 of 2 limits exceeded*", ()),
    ("max", ["waste=0"], False, "*waste 8 op > 0   twice\n*set by {origin}", ()),
    (
        "max",
        ["compiled.waste=0", "compiled.flops=0 FLOP"],
        False,
        "*compiled.flops 8 FLOP > 0 FLOP*",
        (),
    ),
    (
        "max",
        ["phases.forward.flops=7 FLOP"],
        False,
        "*phases.forward.flops 8 FLOP > 7 FLOP*",
        (),
    ),
    ("max", ["phases.backward.flops=7 FLOP"], True, "", ()),
    ("max", ["scopes.mlp.flops=7"], False, "jaxcost: no scope of twice is named 'mlp'*", ()),
    (
        "max",
        ["primitives.sin=2", "primitives.mul=0"],
        False,
        '*primitives?"mul"? 1 > 0*',
        (),
    ),
    (
        "max",
        ["primitives.sin=1", "primitives.mul=1"],
        False,
        '*primitives?"sin"? 2 > 1*',
        (),
    ),
    ("max", ["compiled.opcodes.sine=0"], False, '*compiled.opcodes?"sine"? 1 > 0*', ()),
    ("min", ["flops=8 FLOP", "eqns=3"], True, "", ()),
    (
        "min",
        ["flops=9 FLOP", "eqns=3"],
        False,
        "*flops 8 FLOP < 9 FLOP*\n*set by {origin}*",
        (),
    ),
    ("forbid", ["while", "cos"], True, "", ()),
    ("forbid", ["sin", "cos"], False, "*is forbidden   twice\n*set by {origin}*", ()),
    ("forbid", ["compiled.sine"], False, "*is forbidden   twice\n*set by {origin}*", ()),
    ("mode", ["fail"], False, "*duplicates 1 > 0   twice", ("--jaxcost-max", "duplicates=0")),
    ("mode", ["warn"], True, "*JaxcostWarning: *", ("--jaxcost-max", "duplicates=0")),
    ("mode", ["off"], True, "", ("--jaxcost-max", "duplicates=0")),
    ("ignore", ["sin"], True, "", ("--jaxcost-max", "duplicates=0")),
    ("ignore", ["cos"], False, "*duplicates 1 > 0   twice", ("--jaxcost-max", "duplicates=0")),
    ("ignore", ["cos", "sin"], True, "", ("--jaxcost-max", "duplicates=0")),
    ("floor", ["100%"], True, "", ("--jaxcost-max", "duplicates=0")),
    ("floor", ["5%"], False, "*duplicates 1 > 0   twice", ("--jaxcost-max", "duplicates=0")),
    ("disable", [], True, "", ("--jaxcost-max", "duplicates=0")),
    ("report", [], True, "test_it.py::test_twice", ()),
    ("stages", [], True, "  traced -> lowered *", ()),
]


def flags(name: str, values: Sequence[str]) -> list[str]:
    option = OPTIONS[name]
    return [f"{option.flag}={value}" for value in values] or [option.flag]


def ini(name: str, values: Sequence[str]) -> str:
    written = "\n    ".join(values) or "true"
    gap = "\n    " if OPTIONS[name].ini == "linelist" else " "
    return f"[pytest]\n{OPTIONS[name].key} ={gap}{written}\n"


def check(result: pytest.RunResult, passes: bool, shown: str) -> None:
    result.assert_outcomes(passed=int(passes), failed=int(not passes), warnings="Warn" in shown)
    if shown:
        result.stdout.fnmatch_lines(shown.splitlines())


@pytest.mark.parametrize(("name", "values", "passes", "shown", "more"), EFFECTS)
def test_by_flag(
    pytester: pytest.Pytester, name: str, values: list[str], passes: bool, shown: str, more: tuple
) -> None:
    result = run(pytester, TWICE, *flags(name, values), *more)
    check(result, passes, shown.format(origin=" ".join((OPTIONS[name].flag, *values[:1]))))


@pytest.mark.parametrize(("name", "values", "passes", "shown", "more"), EFFECTS)
def test_by_ini(
    pytester: pytest.Pytester, name: str, values: list[str], passes: bool, shown: str, more: tuple
) -> None:
    pytester.makeini(ini(name, values))
    result = run(pytester, TWICE, *more)
    origin = f"{OPTIONS[name].key} = {' '.join(values[:1])} in tox.ini"
    check(result, passes, shown.format(origin=origin))


SCOPED = """
    def scoped(x):
        with jax.named_scope("block"):
            with jax.named_scope("mlp"):
                return twice(x)

    def test_scoped(jaxcost):
        jaxcost(scoped, X)
"""


@pytest.mark.parametrize(
    ("bound", "passes"),
    [
        ("scopes.block.primitives.sin=2", True),
        ("scopes.block.primitives.sin=1", False),
        ("scopes.block/mlp.phases.forward.flops=8", True),
        ("scopes.block/mlp.phases.forward.flops=7", False),
        ("scopes.block/mlp.phases.backward.flops=7", True),
    ],
)
def test_scopes_nest(pytester: pytest.Pytester, bound: str, passes: bool) -> None:
    check(run(pytester, SCOPED, *flags("max", [bound])), passes, "")


def test_every_option_is_tested() -> None:
    assert {name for name, *_ in EFFECTS} | {"library", "own", "target"} == set(OPTIONS)


OVER = [
    # ini, flag, passes
    (("max", "duplicates=0"), ("max", "duplicates=1"), True),
    (("max", "duplicates=1"), ("max", "duplicates=0"), False),
    (("max", "duplicates=0"), ("max", "duplicates=none"), True),
    (("max", "duplicates=0"), ("max", "flops=8"), False),
    (("mode", "off"), ("mode", "fail"), True),
    (("ignore", "sin"), ("max", "duplicates=0"), True),
    (("max", "compiled.flops=0"), ("max", "compiled.flops=8"), True),
    (("max", "compiled.flops=0"), ("max", "compiled.transcendentals=8"), False),
    (("max", "primitives.sin=1"), ("max", "primitives.cos=0"), True),
    (("forbid", "sin"), ("forbid", "cos"), True),
]


@pytest.mark.parametrize(("written", "flag", "passes"), OVER)
def test_the_command_line_replaces_the_ini_file_key_by_key(
    pytester: pytest.Pytester, written: tuple[str, str], flag: tuple[str, str], passes: bool
) -> None:
    pytester.makeini(ini(written[0], [written[1]]))
    check(run(pytester, TWICE, *flags(flag[0], [flag[1]])), passes, "")


def test_ignored_primitives_of_the_ini_file_are_replaced(pytester: pytest.Pytester) -> None:
    pytester.makeini(ini("ignore", ["sin"]))
    limits = flags("max", ["duplicates=0"])
    check(run(pytester, TWICE, *limits), True, "")
    check(run(pytester, TWICE, *limits, "--jaxcost-ignore=cos"), False, "")


def test_the_last_flag_wins(pytester: pytest.Pytester) -> None:
    check(run(pytester, TWICE, *flags("max", ["duplicates=0", "duplicates=1"])), True, "")
    check(run(pytester, TWICE, *flags("max", ["duplicates=1", "duplicates=0"])), False, "")


BAD = [
    # option, value, what is said
    ("max", "flop=3", "unknown limit 'max_flop'; did you mean 'max_flops'*({origin})"),
    ("max", "flops", "{origin}: not SUBJECT=BOUND, as in 'flops=2 GFLOP'"),
    ("min", "=3", "{origin}: not SUBJECT=BOUND, as in 'flops=2 GFLOP'"),
    ("max", "waste=5", "max_waste='5': '5' has no unit; write 0, \"2 kop\" or \"5%\" ({origin})"),
    ("max", "memory=5", '*did you mean compiled={{"max_temp_bytes": ...}}? *({origin})'),
    ("max", "compiled.eqns=5", "compiled: *did you mean 'max_eqns' beside compiled? *({origin})"),
    ("max", "phases.backward=5", '*did you mean phases={{"backward": *({origin})'),
    ("max", "phases.sideward.flops=5", "phases: no phase is named 'sideward'. *({origin})"),
    ("forbid", "compiled.sin", "compiled: forbid: 'sin' is not an opcode of HLO; *({origin})"),
    ("max", "flops=many", "max_flops='many': *({origin})"),
    ("max", "flops=2 MiB", "max_flops='2 MiB': *({origin})"),
    ("max", "flops=5%", "max_flops='5%': *({origin})"),
    ("max", "flops=5x", "max_flops='5x'*"),
    ("mode", "wran", "mode='wran': accepted are fail, warn, off; did you mean 'warn'? ({origin})"),
    ("floor", "5", "{origin}: '5' is no share of the program; write '0.1%'"),
    ("floor", "5 MiB", "{origin}: '5 MiB' is no share of the program; write '0.1%'"),
    ("library", "optaxx", "no package 'optaxx' can be imported; did you mean 'optax'? ({origin})"),
    ("own", "optaxx", "no package 'optaxx' can be imported; did you mean 'optax'? ({origin})"),
]


@pytest.mark.parametrize(("name", "value", "said"), BAD)
def test_bad_by_flag(pytester: pytest.Pytester, name: str, value: str, said: str) -> None:
    result = run(pytester, TWICE, *flags(name, [value]))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    origin = f"{OPTIONS[name].flag} {value}"
    result.stderr.fnmatch_lines([f"ERROR: jaxcost: {said.format(origin=origin)}"])


@pytest.mark.parametrize(("name", "value", "said"), BAD)
def test_bad_by_ini(pytester: pytest.Pytester, name: str, value: str, said: str) -> None:
    pytester.makeini(ini(name, [value]))
    result = run(pytester, TWICE)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    origin = f"{OPTIONS[name].key} = {value} in tox.ini"
    result.stderr.fnmatch_lines([f"ERROR: jaxcost: {said.format(origin=origin)}"])


def test_bad_under_xdist(pytester: pytest.Pytester) -> None:
    """Said once, before any worker starts."""
    result = run(pytester, TWICE, "-p", "xdist", "-n2", "--jaxcost-max=flop=3")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.str().count("unknown limit 'max_flop'") == 1


def test_header_says_what_was_given(pytester: pytest.Pytester) -> None:
    pytester.makeini(ini("mode", ["warn"]))
    given = run(pytester, TWICE, "--jaxcost-max=flops=9")
    given.stdout.fnmatch_lines(["jaxcost: --jaxcost-max flops=9, jaxcost_mode = warn in tox.ini"])


def test_no_header_where_nothing_was_given(pytester: pytest.Pytester) -> None:
    result = run(pytester, TWICE)
    assert not [line for line in result.outlines if line.startswith("jaxcost:")]
    quiet = run(pytester, TWICE, "-q", "--jaxcost-max=flops=9")
    assert not [line for line in quiet.outlines if line.startswith("jaxcost:")]


def test_markers_and_help_name_everything(pytester: pytest.Pytester) -> None:
    pytester.runpytest("--markers").stdout.fnmatch_lines(["@pytest.mark.jaxcost(max_SUBJECT=*"])
    shown = pytester.runpytest("--help").stdout.str()
    assert all(option.flag in shown and option.key in shown for option in OPTIONS.values())
