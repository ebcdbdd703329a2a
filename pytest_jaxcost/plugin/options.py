"""Command-line options, each with an ini twin, and what the user gave for them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import pytest


class Option(NamedTuple):
    """The option ``--jaxcost-NAME`` and its ini twin ``jaxcost_NAME``."""

    name: str
    ini: Literal["linelist", "string", "bool"]
    metavar: str | None
    help: str

    @property
    def flag(self) -> str:
        return f"--jaxcost-{self.name}"

    @property
    def key(self) -> str:
        return f"jaxcost_{self.name}"


class Given(NamedTuple):
    """A value and the option or ini line it was read from."""

    value: Any
    origin: str


OPTIONS = {
    option.name: option
    for option in (
        Option("max", "linelist", "SUBJECT=BOUND", "limit of every measurement (repeatable)"),
        Option("min", "linelist", "SUBJECT=BOUND", "least of every measurement (repeatable)"),
        Option("forbid", "linelist", "PRIMITIVE", "it may occur nowhere (repeatable)"),
        Option("mode", "string", "MODE", "what an exceeded limit does: fail (default), warn, off"),
        Option("disable", "bool", None, "measure where a test asks for it, and judge nothing"),
        Option("report", "bool", None, "show a table of all measurements at the end"),
        Option("stages", "bool", None, "compile and show what changes at each stage, at the end"),
        Option("target", "string", "TARGET", "what to compile for (default: JAX's own platform)"),
        Option("ignore", "linelist", "PRIMITIVE", "do not count findings of it (repeatable)"),
        Option("library", "linelist", "PACKAGE", "its frames are no code of yours (repeatable)"),
        Option("own", "linelist", "PACKAGE", "it is installed, and your own code (repeatable)"),
        Option("floor", "string", "SHARE", "of the work, from which a finding counts"),
    )
}


def add(parser: pytest.Parser) -> None:
    """Register every option and its twin; no default, so that the ini file is heard."""
    group = parser.getgroup("jaxcost", "cost limits for JAX functions")
    for option in OPTIONS.values():
        parser.addini(option.key, f"{option.help}, as {option.flag}", option.ini, default=None)
        if option.ini == "bool":
            group.addoption(option.flag, action="store_true", default=None, help=option.help)
        else:
            action = "append" if option.ini == "linelist" else "store"
            group.addoption(
                option.flag,
                action=action,
                default=None,
                metavar=option.metavar,
                help=option.help,
            )


def given(config: pytest.Config, name: str) -> Iterator[Given]:
    """What was given for an option, the most specific first: command line, then ini file."""
    option = OPTIONS[name]
    flagged = config.getoption(option.key)
    if flagged is not None:
        yield from (Given(each, _flag(option, each)) for each in _last_first(flagged))
    written = config.getini(option.key)
    if written not in (None, "", []):
        yield from (Given(each, _ini(config, option, each)) for each in _last_first(written))


def is_on(config: pytest.Config, name: str) -> bool:
    """Whether a yes-or-no option is given as yes."""
    first = next(given(config, name), None)
    return first is not None and bool(first.value)


def limits_on_command_line(config: pytest.Config) -> list[str]:
    """The limits that were asked for in this run, as they were written; none if it judges none."""
    if is_on(config, "disable"):
        return []
    limits = [each.origin for each in given(config, "max")]
    return [origin for origin in reversed(limits) if origin.startswith("--")]


def header(config: pytest.Config) -> list[str]:
    """One line that says what was given, if anything was."""
    said = [each.origin for name in OPTIONS for each in given(config, name)]
    return [f"jaxcost: {', '.join(said)}"] if said else []


def anything_given(config: pytest.Config) -> bool:
    """Whether any option or ini line of ours is in use."""
    return any(next(given(config, name), None) is not None for name in OPTIONS)


def _last_first(value: Any) -> list[Any]:
    return value[::-1] if isinstance(value, list) else [value]


def _flag(option: Option, value: object) -> str:
    return option.flag if option.ini == "bool" else f"{option.flag} {value}"


def _ini(config: pytest.Config, option: Option, value: object) -> str:
    where = "" if config.inipath is None else f" in {os.path.relpath(config.inipath)}"
    return f"{option.key} = {value}{where}"
