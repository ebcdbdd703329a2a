"""A program with edits, as a program and as a jaxpr."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_jaxcost.ir.equation import Inlined
from pytest_jaxcost.rewrite.apply import apply
from pytest_jaxcost.rewrite.draft import Draft
from pytest_jaxcost.rewrite.edits import CannotRewrite, Edit
from pytest_jaxcost.rewrite.emit import emit
from pytest_jaxcost.rewrite.finish import finish


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """A program without what edits take out of it."""

    program: Inlined
    touched: frozenset[int]
    """The bodies in which something changed, by ``id``."""
    refused: Mapping[Edit, str]
    """The edits that could not be written down, and why."""

    def jaxpr(self, like: Any) -> Any:
        """The program as a closed jaxpr; `like` is the one that the program was read from.

        Raises:
            CannotRewrite: an interface of JAX's has no place for a change.
        """
        return emit(self.program, like, self.touched)


def rewrite(program: Inlined, edits: Iterable[Edit]) -> Rewritten:
    """The program with edits, applied in this order."""
    draft = Draft(program)
    refused: dict[Edit, str] = {}
    for edit in edits:
        try:
            apply(edit, draft)
        except CannotRewrite as error:
            refused[edit] = str(error)
    program, touched = finish(draft)
    return Rewritten(program=program, touched=touched, refused=refused)
