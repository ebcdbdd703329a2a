"""Limits in scopes as options write them: ``phases.backward.flops``, ``primitives.sin``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Keywords = dict[str, Any]
Leaf = Callable[[list[str]], Keywords]
"""The keywords of a name with dots, once its scopes are taken off."""


def in_scopes(path: str, leaf: Leaf) -> Keywords:
    """The keywords of a dotted name: ``{"phases": {"backward": {"max_flops": ...}}}``."""
    head, *rest = path.split(".")
    if head == "compiled" and rest:
        return {head: in_scopes(".".join(rest), leaf)}
    if head in ("phases", "scopes") and len(rest) > 1:
        return {head: {rest[0]: in_scopes(".".join(rest[1:]), leaf)}}
    return leaf([head, *rest])


def bounded(prefix: str, bound: str | None) -> Leaf:
    """The limit on a subject, or on one name of a count: ``primitives.sin``."""

    def leaf(parts: list[str]) -> Keywords:
        subject, *name = parts
        return {f"{prefix}{subject}": {".".join(name): bound} if name else bound}

    return leaf


def listed(keyword: str) -> Leaf:
    """A name that stands in a list."""
    return lambda parts: {keyword: (".".join(parts),)}
