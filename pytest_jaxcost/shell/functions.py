"""A function by its name: ``package.module:function``."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

from pytest_jaxcost.report.suggest import did_you_mean

from .usage import UsageError

ACCEPTED = "accepted is package.module:function"


def function(name: str) -> Callable[..., Any]:
    """The function of that name; the part behind the colon may be dotted, as ``Model.loss``.

    What the module raises when it is imported is raised here.

    Raises:
        UsageError: the module, or the function in it, is not there.
    """
    module_name, colon, path = name.partition(":")
    if not (module_name and colon and path):
        raise UsageError(f"{name!r} names no function; {ACCEPTED}")
    found: Any = _module(module_name, name)
    for part in path.split("."):
        if not hasattr(found, part):
            near = did_you_mean(part, [each for each in dir(found) if not each.startswith("_")])
            raise UsageError(f"{name!r}: {_called(found)} has no {part!r}{near}")
        found = getattr(found, part)
    if not callable(found):
        raise UsageError(f"{name!r} is {type(found).__name__} {found!r:.40}, and no function")
    return found  # type: ignore[no-any-return]


def _module(module_name: str, name: str) -> ModuleType:
    try:
        return import_module(module_name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if not f"{module_name}.".startswith(f"{missing}."):
            raise  # the module is there, and imports one that is not
        raise UsageError(
            f"{name!r}: there is no module {missing!r} here or installed; {ACCEPTED}"
        ) from None


def _called(found: Any) -> str:
    return str(getattr(found, "__name__", type(found).__name__))
