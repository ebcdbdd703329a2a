"""Equations that a function of JAX's traces to, put into a draft."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax

from pytest_jaxcost import _compat
from pytest_jaxcost.ir.controls import CONTROLS
from pytest_jaxcost.ir.equation import Region, Site
from pytest_jaxcost.ir.inline import call_or_block
from pytest_jaxcost.ir.reading import Reader
from pytest_jaxcost.ir.size import size_of
from pytest_jaxcost.rewrite.draft import Draft, Node


def insert(
    draft: Draft,
    function: Callable[..., Sequence[Any]],
    inputs: Sequence[int],
    region: Region,
    like: Node,
) -> tuple[int, ...]:
    """The values that a function returns, traced on the types of `inputs` and read into `region`.

    They are said to come from where the equation `like` comes from.
    """
    inputs = [draft.find(value) for value in inputs]
    avals = [draft.avals[value] for value in inputs]
    with jax.enable_x64(draft.is_wide or _compat.has_x64()):
        jaxpr = jax.make_jaxpr(function)(*map(_compat.as_argument, avals))
    body = Region(parent=region)
    reader = Reader(size_of(jaxpr).entered, CONTROLS, call_or_block)
    reader.avals, reader.depends, reader.constants = draft.avals, draft.depends, draft.constants
    results = reader.read(jaxpr, inputs, body, _site(like))
    for equation in body.equations:
        draft.add(equation, region, like.position)
    return results


def _site(like: Node) -> Site:
    site = like.equation.site
    return Site(site, like.equation.eqn, "", site is not None and site.remat)
