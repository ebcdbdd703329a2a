"""The nearest known name to one that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str], *, n: int = 1) -> str:
    """``"; did you mean 'max_flops'?"``, or nothing where no known name is near."""
    known = list(known)
    folded = [each for each in known if each.casefold() == name.casefold()]
    near = folded[:n] or difflib.get_close_matches(name, known, n=n)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
