"""Calls of the user's code that do nothing but some chosen work.

A finding names what a person would change: the outermost call all of whose work is wasted, and not
each expression inside it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Container

from pytest_jaxcost import _compat
from pytest_jaxcost.flow.evaluations import Evaluations
from pytest_jaxcost.flow.frame_tree import FrameTree
from pytest_jaxcost.ir.equation import Equation


class Calls:
    """The calls of a program all of whose work is among the equations with the ``id``s `chosen`."""

    def __init__(
        self,
        evaluations: Evaluations,
        chosen: Container[int],
        is_live: Callable[[Equation], bool],
    ) -> None:
        self._origins = evaluations.origins
        self._tree: FrameTree[bool] = FrameTree(operator.and_)
        for context, is_chosen in _contexts(evaluations, chosen, is_live).items():
            self._tree.add(self._origins.frames(context)[::-1], is_chosen)

    def outermost(self, context: int, start: int = 0) -> tuple[_compat.Frame, ...]:
        """The user's frames of a context from the call all of whose work is chosen, that one first.

        Frames before the position `start`, counted from the outermost, are left out. Where more
        than the chosen work stands in the innermost expression, the innermost frame alone.
        """
        way = self._origins.frames(context)[::-1]
        whole, start = self._tree.along(way), max(start, self._origins.entered(way))
        own = [k for k, frame in enumerate(way) if self._origins.is_own(frame)]
        first = next((k for k in own if k >= start and k < len(whole) and whole[k]), None)
        if first is None:
            return tuple(way[k] for k in own[-1:])
        return tuple(way[k] for k in own if k >= first)

    def does_more(self, context: int) -> bool:
        """Whether the innermost expression of a context does more than the chosen work."""
        way = self._origins.frames(context)[::-1]
        whole = self._tree.along(way)
        own = [k for k, frame in enumerate(way) if self._origins.is_own(frame)]
        return any(not whole[k] for k in own[-1:] if k < len(whole))


def _contexts(
    evaluations: Evaluations, chosen: Container[int], is_live: Callable[[Equation], bool]
) -> dict[int, bool]:
    """Whether the evaluations of a context that do chosen work do nothing else that is live.

    What a derivative adds is not asked, and neither are evaluations that do none of it.
    """
    found: dict[int, bool] = {}
    others: dict[int, bool] = {}
    for (context, _), primal in evaluations.primal.items():
        equations = [each.occurrence.equation for each in primal]
        are_chosen = [
            id(each) in chosen for each in equations if id(each) in chosen or is_live(each)
        ]
        if any(are_chosen):
            found[context] = found.get(context, True) and all(are_chosen)
        elif are_chosen:
            others[context] = False
    return others | found
