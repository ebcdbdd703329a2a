"""The pytest plugin: hooks and the fixture. Each hands over to the module that knows how.

Those modules are imported when they are needed: a run that does not use them pays for no more than
this file, the options and the hook specifications.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

from . import hookspecs, options
from .failed import Failed
from .session import Session, is_marked

if TYPE_CHECKING:
    from .fixture import Jaxcost

MARKER = (
    "jaxcost(max_SUBJECT=..., min_SUBJECT=..., SUBJECT=..., primitives={...}, forbid=(...), "
    "compiled={...}, phases={...}, scopes={...}, relative_to=..., mode='fail'|'warn'|'off', "
    "target=..., missing_target='fail'|'skip', ignore=...): "
    "limits of what is measured in the test; without the fixture `jaxcost`, of what jax.jit "
    "compiles in it."
)
SESSION = pytest.StashKey[Session]()
REPORT = "pytest_jaxcost.report"
"""Where this is not imported, there is no report to explain."""


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add(parser)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)
    session = config.stash[SESSION] = Session(config)
    config.pluginmanager.register(Failed(), "jaxcost-failed")
    if options.anything_given(config):
        session.check_options()
    if limits := options.limits_on_command_line(config):
        from .unmeasured import Unmeasured

        config.pluginmanager.register(Unmeasured(limits), "jaxcost-unmeasured")
    if options.is_on(config, "report") or options.is_on(config, "stages"):
        from .terminal import Table

        config.pluginmanager.register(Table(), "jaxcost-table")


def pytest_unconfigure(config: pytest.Config) -> None:
    if SESSION in config.stash:  # not where configuring failed
        config.stash[SESSION].close()


def pytest_report_header(config: pytest.Config) -> list[str]:
    return options.header(config)


@pytest.fixture(scope="session", name="jaxcost")
def jaxcost_fixture(pytestconfig: pytest.Config) -> Jaxcost:
    """Measure a JAX function: ``report = jaxcost(fn, *args, **kwargs)``.

    The limits of the test's jaxcost marker hold for every call; ``jaxcost.measure`` is the long
    form, with a name and a target.
    """
    from .fixture import Jaxcost

    return Jaxcost(pytestconfig.stash[SESSION])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    session = item.config.stash[SESSION]
    session.start(item)
    try:
        return (yield)
    finally:
        session.finish()


def pytest_runtest_setup(item: pytest.Item) -> None:
    session = item.config.stash[SESSION]
    session.start(item)  # again, for plugins that run a test more than once
    session.check_marker()
    if session.judges and "absl.testing.parameterized" in sys.modules:
        from .lost import check_nothing_lost

        check_nothing_lost(item)


# Innermost, so that what measuring prints is captured as the test's own.
@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    __tracebackhide__ = True
    session = item.config.stash[SESSION]
    if not (session.judges and is_marked(item)):
        return (yield)
    from .watch import watched

    with watched(session):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[object]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    session = item.config.stash[SESSION]
    if call.excinfo is not None:
        from .crash import summarize

        summarize(item, call.excinfo, report)
    if session.any_measured:
        report.jaxcost_measured = True  # type: ignore[attr-defined]
    if rows := session.take_rows():
        report.jaxcost = rows  # type: ignore[attr-defined]
    if failures := session.take_failures():
        report.jaxcost_failures = failures  # type: ignore[attr-defined]
    return report


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, object, object]:
    data = yield
    if REPORT not in sys.modules:
        return data
    from ..report import plain

    return plain(data)  # pytest-xdist ends the run for any int that is not exactly one


def pytest_assertrepr_compare(
    config: pytest.Config, op: str, left: object, right: object
) -> list[str] | None:
    if REPORT not in sys.modules:
        return None
    from ..report import explain

    config.stash[SESSION].explained.compared(op, left, right)
    return explain(op, left, right)
