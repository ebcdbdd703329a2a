"""Where equations come from: which run of the user's code, and where in a library below it.

The frames of an equation, through all the calls it was entered by, part at the innermost frame of
the user's own code. From there outwards they are its *context*: one run of a line has exactly one
stack above it. From there inwards, down to where JAX binds a primitive, they are its *position* in
a library function. Below that, only transformations and their rules are at work.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple

from pytest_jaxcost import _compat
from pytest_jaxcost.ir.equation import Equation, Site
from pytest_jaxcost.ir.higher_order import CALLS

NOWHERE = -1
"""No frames: of a context, that no code of the user's own leads there."""


class Origin(NamedTuple):
    """Where an equation comes from. Two numbers are equal where the frames are."""

    context: int
    body: int
    """The ``id`` of the site that the user's code was entered through, 0 for the main program."""
    place: int
    """The position of what the user's code bound: the equation itself, or a call it is inside."""
    bound: int
    """What tells one such bind from the others at its place."""
    position: int
    is_rule: bool
    """Whether a frame of a differentiation rule led to the equation."""


class _Part(NamedTuple):
    """What the frames of one body say."""

    own: int
    position: int
    is_rule: bool
    ends: bool
    """Whether they lead all the way out, so that what the body was entered by is no matter."""


class Origins:
    """The origins of one program's equations; `is_own` tells the files of the user's own code."""

    def __init__(self, is_own: Callable[[str], bool]) -> None:
        self._is_own_file = is_own
        self._own: dict[_compat.Code, bool] = {}
        self._numbers: dict[Hashable, int] = {}
        self._keys: list[Any] = []
        self._parts: dict[tuple[Any, str], _Part] = {}
        self._sites: dict[int, Origin] = {}
        self._tails: dict[int, int] = {}

    def of(self, equation: Equation) -> Origin:
        """Where an equation comes from."""
        return self._of(equation.eqn, equation.site)

    def frames(self, context: int) -> tuple[_compat.Frame, ...]:
        """The frames of a context, innermost first."""
        frames: list[_compat.Frame] = []
        while context != NOWHERE:
            position, own, context = self._keys[context]
            for part in (position, own):
                frames += self._keys[part] if part != NOWHERE else ()
        return tuple(frames)

    def way(self, equation: Equation) -> tuple[_compat.Frame, ...]:
        """The frames that lead to an equation, outermost first."""
        return self.frames(self.of(equation).context)[::-1]

    def entered(self, way: Sequence[_compat.Frame]) -> int:
        """How many of the frames, outermost first, lead to the measured function."""
        return next((k for k, frame in enumerate(way) if _compat.is_measuring(frame)), 0)

    def is_own(self, frame: _compat.Frame) -> bool:
        """Whether a frame belongs to the user's own code."""
        code = frame.of
        known = self._own.get(code)
        if known is None:
            known = self._own[code] = code.is_users and self._is_own_file(frame.file)
        return known

    def _number(self, key: Hashable) -> int:
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._keys)
            self._keys.append(key)
        return number

    def _of(self, eqn: Any, site: Site | None) -> Origin:
        traceback = eqn.source_info.traceback
        part = self._part(traceback, site)
        if part.own != NOWHERE:
            outside = NOWHERE if part.ends else self._tail(site)
            context = self._number((NOWHERE, part.own, outside))
            body = 0 if site is None else id(site)
            bound = id(traceback)
            return Origin(context, body, part.position, bound, part.position, part.is_rule)
        if site is None or part.ends:
            nowhere = (NOWHERE, 0, part.position, id(traceback), part.position, part.is_rule)
            return Origin(*nowhere)
        call = self._site(site)
        is_rule = part.is_rule or (call.is_rule and site.eqn.primitive.name in CALLS)
        return Origin(
            call.context,
            call.body,
            call.place,
            call.bound,
            self._number((part.position, call.position)),
            is_rule,
        )

    def _site(self, site: Site) -> Origin:
        """Where the equation that a body was entered by comes from, for what is in the body."""
        known = self._sites.get(id(site))
        if known is None:
            known = self._of(site.eqn, site.parent)
            if known.bound == id(site.eqn.source_info.traceback):  # nothing around it is a bind
                known = known._replace(bound=id(site))
            self._sites[id(site)] = known
        return known

    def _tail(self, site: Site | None) -> int:
        """The frames outside of a body."""
        if site is None:
            return NOWHERE
        known = self._tails.get(id(site))
        if known is None:
            part = self._part(site.eqn.source_info.traceback, site.parent)
            outside = NOWHERE if part.ends else self._tail(site.parent)
            known = self._tails[id(site)] = self._number((part.position, part.own, outside))
        return known

    def _part(self, traceback: Any, site: Site | None) -> _Part:
        function = "" if site is None else site.function
        key = (traceback, function)
        known = self._parts.get(key)
        if known is None:
            known = self._parts[key] = self._read(_compat.frames(traceback, function))
        return known

    def _read(self, frames: _compat.Frames) -> _Part:
        every = frames.every
        own = next((k for k, frame in enumerate(every) if self.is_own(frame)), len(every))
        bind = next((k for k in range(own - 1, -1, -1) if _compat.is_bind(every[k])), -1)
        return _Part(
            own=self._number(every[own:]) if own < len(every) else NOWHERE,
            position=self._number(every[bind + 1 : own]),
            is_rule=_compat.is_of_rule(every[: bind + 1]),
            ends=bool(frames.users) and not frames.complete,
        )
