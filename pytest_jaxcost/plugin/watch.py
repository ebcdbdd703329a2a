"""Marked tests that do not call the fixture: what ``jax.jit`` compiles in them is measured."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from ..report import Report
from .failure import BodyCostError, breach
from .rules import Rules
from .session import Running, Session
from .warning import JaxcostWarning, mention_at, warn_at

Warn = Callable[[JaxcostWarning, str, int], None]


class Program(NamedTuple):
    """A program that jit lowered: the name of the function, and its jaxpr."""

    name: str
    jaxpr: Any


@contextmanager
def watched(session: Session) -> Iterator[None]:
    """Run the body of a marked test and fail it for what was, or was not, measured in it.

    A body that raises has its own say, and nothing is added.
    """
    __tracebackhide__ = True
    running = session.running
    if running is None or not running.rules.must_measure:
        yield
        return
    programs: list[Program] = []
    if running.measured or _takes_fixture(running.item) or _shared(running.item):
        yield
    else:
        from .._compat import watch_lowering

        with watch_lowering(lambda name, jaxpr: programs.append(Program(name, jaxpr))):
            yield
    if not running.measured:
        _judge(session, running, programs)


def _judge(session: Session, running: Running, programs: list[Program]) -> None:
    """Measure the programs of a body and say all that is wrong with them at once."""
    __tracebackhide__ = True
    rules, item = running.rules, running.item
    reports = [_measure(session, program, rules) for program in programs] or _shared(item)
    if not reports and _must_measure(item):
        error = pytest.fail.Exception(_nothing(item), pytrace=False)
        _tell(rules, item, error, warn=mention_at)
    breaches = (breach(report, rules, session.config) for report in reports)
    errors = [error for error in breaches if error is not None]
    if errors:
        _tell(rules, item, BodyCostError.of(errors), warn=warn_at)


def _measure(session: Session, program: Program, rules: Rules) -> Report:
    from ..api import measure_jaxpr

    session.add_cost_rules()
    report = measure_jaxpr(program.jaxpr, **session.measuring(program.name, None))
    report = report.ignoring(rules.ignore)
    session.record(report)
    return report


def _tell(rules: Rules, item: pytest.Item, error: BaseException, *, warn: Warn) -> None:
    __tracebackhide__ = True
    if rules.mode == "fail":
        raise error
    path, line, _ = item.reportinfo()
    warning = JaxcostWarning(str(error), headline=getattr(error, "headline", ""))
    warn(warning, str(path), (line or 0) + 1)


def _takes_fixture(item: pytest.Item) -> bool:
    """Whether the test function itself asks for the fixture.

    It will then be called, and JAX's caches need not be cleared, which makes tests slow.
    """
    function = getattr(item, "function", None)
    return function is not None and "jaxcost" in inspect.signature(function).parameters


def _shared(item: pytest.Item) -> list[Report]:
    """Reports among the test's fixtures, made for another test by a fixture of wider scope."""
    values = getattr(item, "funcargs", {}).values()
    return [value for value in values if isinstance(value, Report)]


def _must_measure(item: pytest.Item) -> bool:
    """Whether measuring nothing is a mistake.

    A doctest has the marker of its module and cannot be without; a test that is expected to fail
    has to say for itself that it did not.
    """
    return isinstance(item, pytest.Function) and not _expected_to_fail(item)


def _expected_to_fail(item: pytest.Item) -> bool:
    from _pytest.skipping import xfailed_key

    return not item.config.option.runxfail and item.stash.get(xfailed_key, None) is not None


def _nothing(item: pytest.Item) -> str:
    if _takes_fixture(item):
        return (
            "jaxcost: nothing was measured, so that no limit can fail\n"
            "  The test takes the fixture jaxcost and never called it.\n"
            "  Call jaxcost(fn, *args), or leave the fixture out to have the test's own calls of\n"
            "  jax.jit functions measured."
        )
    return (
        "jaxcost: nothing was measured, so that no limit can fail\n"
        "  The marker limits what jax.jit compiles in the test, and nothing was compiled;\n"
        "  JAX's own operations outside jit do not count.\n"
        "  Call a jax.jit function, or use the fixture: jaxcost(fn, *args)."
    )
