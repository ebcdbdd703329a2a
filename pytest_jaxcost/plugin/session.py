"""Which test runs now, what holds for it, and what was measured in it.

Only one test runs in a process at a time, but what asks for it may be another thread, an event loop
or a fixture of the whole session: so it is kept here, and in no context variable.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

from ..failures import LISTENERS, Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..report import Limits, Report
    from .explained import Explained
    from .rules import Rules


class Running:
    """One run of one test, from set-up to teardown."""

    def __init__(self, item: pytest.Item, session: Session) -> None:
        self.item = item
        self.measured = 0
        self.rows: list[dict[str, Any]] = []
        self._session = session

    @cached_property
    def rules(self) -> Rules:
        """What holds for the test; fails it for a marker that cannot be meant."""
        from .markers import rules_for

        return rules_for(self.item, self._session.defaults, judges=self._session.judges)


class Session:
    """The state of one pytest session."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.running: Running | None = None
        self.any_measured = False
        self.failures: list[Failure] = []
        self._listen = self.failures.append
        LISTENERS.append(self._listen)
        self._restore_cost_rules: Callable[[], None] | None = None

    @cached_property
    def defaults(self) -> Sequence[Limits]:
        """What the options say; raises ``pytest.UsageError`` for what cannot be meant."""
        from .defaults import read

        return read(self.config)

    @cached_property
    def judges(self) -> bool:
        """Whether limits hold at all in this run."""
        from . import options

        return not options.is_on(self.config, "disable")

    @cached_property
    def libraries(self) -> tuple[str, ...]:
        """Folders whose frames are no code of the user's; raises ``pytest.UsageError``."""
        from .libraries import folders

        return folders(self.config, "library")

    @cached_property
    def own(self) -> tuple[str, ...]:
        """Folders of installed packages that are the user's code; raises ``pytest.UsageError``."""
        from .libraries import folders

        return folders(self.config, "own")

    @cached_property
    def floor(self) -> str:
        """The share from which a finding counts; raises ``pytest.UsageError``."""
        from .defaults import floor

        return floor(self.config)

    @cached_property
    def explained(self) -> Explained:
        """Made when the first comparison fails."""
        from .explained import NAME, Explained

        explained = Explained()
        self.config.pluginmanager.register(explained, NAME)
        return explained

    @property
    def rules(self) -> Rules:
        """What holds now; between tests, what the options say."""
        from .rules import merge, unjudged

        if self.running is None:
            return merge(self.defaults if self.judges else unjudged(self.defaults), marked=False)
        return self.running.rules

    def check_options(self) -> None:
        """Read all options now: a mistake in one is a usage error, and not one of a test."""
        _ = self.defaults, self.libraries, self.own, self.floor

    def start(self, item: pytest.Item) -> None:
        """Forget the test before, and any earlier run of this one."""
        self.running = Running(item, self)

    def finish(self) -> None:
        self.running = None

    def close(self) -> None:
        LISTENERS.remove(self._listen)
        if self._restore_cost_rules is not None:
            self._restore_cost_rules()

    def add_cost_rules(self) -> None:
        """Once, before anything is measured."""
        if self._restore_cost_rules is None:
            from .cost_rules import add_cost_rules

            self._restore_cost_rules = add_cost_rules(self.config)

    def check_marker(self) -> None:
        """Fail the running test, in its set-up, for a marker that cannot be meant."""
        if self.running is not None and self.judges and is_marked(self.running.item):
            _ = self.running.rules

    def measuring(self, name: str | None, target: str | None) -> dict[str, Any]:
        """What ``measure`` is to know beside the function: its name, target, whose code is what."""
        if self.rules.missing_target == "skip":
            self._skip_where_missing()
        return {
            "name": name,
            "target": target or self.rules.target,
            "libraries": self.libraries,
            "own": self.own,
            "floor": self.floor,
        }

    def _skip_where_missing(self) -> None:
        from .missing import NAME, SkipsWhereMissing

        if not self.config.pluginmanager.has_plugin(NAME):
            self.config.pluginmanager.register(SkipsWhereMissing(self), NAME)

    def record(self, report: Report) -> None:
        """Tell other plugins of a measurement, and keep its row if anything shows rows."""
        self.any_measured = True
        if self.running is None:
            return
        self.running.measured += 1
        item = self.running.item
        item.ihook.pytest_jaxcost_report(report=report, item=item)
        from . import options, rows

        if rows.wanted(self.config):
            stages = options.is_on(self.config, rows.STAGES)
            self.running.rows.append(rows.row(report, stages=stages))
            rows.add_properties(item, self.running.rows[-1])

    def take_rows(self) -> list[dict[str, Any]]:
        """The rows since the last call."""
        if self.running is None:
            return []
        taken, self.running.rows = self.running.rows, []
        return taken

    def take_failures(self) -> list[list[str]]:
        """The analyses that failed since the last call, as data that JSON has."""
        taken = [list(failure) for failure in self.failures]
        self.failures.clear()
        return taken


def is_marked(item: pytest.Item) -> bool:
    """Whether the test, its class or its module has a jaxcost marker."""
    return item.get_closest_marker("jaxcost") is not None
