"""Running the equations that carry a basis once more, with other rows in the basis's place.

An image keeps its axes; only the one that the rows lie along gets another length. What is not an
image is the same in every row, so of an operand that has that axis its first positions do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax

from pytest_jaxcost import _compat
from pytest_jaxcost.analyses.facts import Facts
from pytest_jaxcost.analyses.resized import fitted
from pytest_jaxcost.analyses.row_sums import summed
from pytest_jaxcost.flow.basis import Basis, Contraction, Image, Of, level
from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.ir.equation import Block, Equation, Loop, Region, Switch
from pytest_jaxcost.rewrite.edits import RewriteError

Array = Any

BATCHED_TEST = "a while loop that carries it runs on until every example of a batch is done"
PLATFORMS = "it goes through a branch for each platform"
BODY = "it goes through {name}, whose body stays whole"
LOST = "{name} does something with its rows that is not followed"


class Rows(NamedTuple):
    """What stands in a basis's place: how many rows, and which of them each sum takes."""

    number: int
    sums: Mapping[int, tuple[Contraction, int]]
    """The sums along the basis, by the ``id`` of the equation, with the first of their rows."""


class Rerun:
    """Runs equations; `values` holds what is known, with rows in the basis's place.

    `vectors` are those that the image is summed with, as the transpose of a sum multiplies with
    them; None where no derivative is followed.
    """

    def __init__(
        self,
        facts: Facts,
        basis: Basis,
        rows: Rows,
        values: dict[int, Array],
        vectors: Mapping[int, Array] | None = None,
    ) -> None:
        self.facts, self.basis, self.rows, self.values = facts, basis, rows, values
        self.vectors = vectors
        self.images = basis.images

    def run(self, equations: Sequence[Equation]) -> None:
        for equation in equations:
            known = all(value in self.values for value in equation.outputs)
            if not known and is_live(equation, self.facts.live):
                self.equation(equation)

    def equation(self, equation: Equation) -> None:
        if id(equation) in self.rows.sums:
            contraction, first = self.rows.sums[id(equation)]
            made: Sequence[Array] = [
                summed(self.facts, self.images, self.plain, contraction, first)
            ]
        elif not carries(self.basis, equation):
            made = bound(equation, [*map(self.plain, equation.inputs)], equation.eqn.params)
        elif equation.control is not None:
            made = self.control(equation)
        else:
            made = self.leaf(equation)
        self.values.update(zip(equation.outputs, made, strict=True))

    def plain(self, value: int) -> Array:
        """A value as it stands here."""
        found = self.values.get(value)
        return literal(self.facts, value) if found is None else found

    def image(self, value: int, equation: Equation) -> Image | None:
        """What a value is to an equation that reads it: a vector is none beside an image."""
        if value not in self.basis.seeds:
            return self.images.get(value)
        if self.vectors is None or (value in self.vectors and self.reads_image(equation)):
            return None
        return self.images[value]

    def reads_image(self, equation: Equation) -> bool:
        seeds = self.basis.seeds
        return any(value in self.images and value not in seeds for value in equation.inputs)

    def read(self, value: int, image: Image | None) -> Array:
        """A value that an equation reads as an image, or as it stands."""
        if image is not None and self.vectors is not None and value in self.vectors:
            return self.vectors[value]
        return self.plain(value)

    def leaf(self, equation: Equation) -> Sequence[Array]:
        same = self.unchanged(equation)
        if same is not None:
            return [self.values[same]]
        self.require_followed(equation)
        read = [self.image(value, equation) for value in equation.inputs]
        made = [self.images.get(value) for value in equation.outputs]
        given = [self.read(v, image) for v, image in zip(equation.inputs, read, strict=True)]
        params, operands = fitted(equation, given, read, made, self.rows.number)
        return bound(equation, operands, params)

    def unchanged(self, equation: Equation) -> int | None:
        """The image that a mask of the diagonal, or a number for each row, leaves as it is."""
        for value in equation.inputs:
            image = self.images.get(value)
            if image is None or image.of is not Of.ROWS or value in self.basis.seeds:
                continue
            others = {each for each in equation.inputs if each != value}
            is_masked = image.diagonal is not None and not others.isdisjoint(self.basis.identities)
            if is_masked or is_scale(self.basis, equation):
                return value
        return None

    def require_followed(self, equation: Equation) -> None:
        found = self.basis.contractions.get(id(equation))
        again = found is not None and found.over == "again"
        if not again and not any(value in self.images for value in equation.outputs):
            raise RewriteError(LOST.format(name=equation.primitive))

    def length(self, image: Image) -> int:
        """The length of the axis of an image, now."""
        return image.length(self.rows.number)

    def fit(self, value: int, image: Image | None) -> Array:
        """A value that stands where an image does; zeros for one that nobody needs."""
        if not self.facts.live[value] and value not in self.values:
            aval = self.facts.program.avals[value]
            shape = aval.shape
            if image is not None:
                shape = (*shape[: image.axis], self.length(image), *shape[image.axis + 1 :])
            return jnp.zeros(shape, aval.dtype)
        array = self.plain(value)
        if image is None or value in self.images:
            return array
        return lax.slice_in_dim(array, 0, self.length(image), axis=image.axis)

    # bodies

    def control(self, equation: Equation) -> Sequence[Array]:
        control = equation.control
        if isinstance(control, Block):
            raise RewriteError(BODY.format(name=equation.primitive))
        if isinstance(control, Switch):
            return self.switch(equation, control)
        assert isinstance(control, Loop)
        return self.scan(control) if control.test is None else self.while_(control)

    def inside(self, region: Region, values: Mapping[int, Array]) -> Rerun:
        """The same with what a body's parameters are, after the body has run."""
        known = {**self.values, **values}
        inner = Rerun(self.facts, self.basis, self.rows, known, self.vectors)
        inner.run(region.equations)
        return inner

    def switch(self, equation: Equation, switch: Switch) -> Sequence[Array]:
        if equation.eqn.params.get("branches_platforms") is not None:
            raise RewriteError(PLATFORMS)

        def branch(region: Region) -> Callable[[], list[Array]]:
            return lambda: self.results(region, {}, region.results, equation.outputs)

        made: Sequence[Array] = lax.switch(
            self.plain(switch.selector), [branch(each) for each in switch.regions]
        )
        return made

    def results(
        self, region: Region, values: Mapping[int, Array], made: Sequence[int], of: Sequence[int]
    ) -> list[Array]:
        inner = self.inside(region, values)
        return [inner.fit(v, self.images.get(k)) for v, k in zip(made, of, strict=True)]

    def inits(self, loop: Loop) -> list[Array]:
        return [self.fit(carry.init, self.images.get(carry.param)) for carry in loop.carries]

    def scan(self, loop: Loop) -> Sequence[Array]:
        params = [carry.param for carry in loop.carries]
        made = [carry.update for carry in loop.carries] + [each.result for each in loop.stacks]
        of = params + [each.result for each in loop.stacks]

        def body(carried: list[Array], sliced: list[Array]) -> tuple[list[Array], list[Array]]:
            values = dict(zip(params, carried, strict=True))
            values.update(zip([each.param for each in loop.slices], sliced, strict=True))
            found = self.results(loop.body, values, made, of)
            return found[: len(params)], found[len(params) :]

        slices = [self.plain(each.operand) for each in loop.slices]
        carried, stacked = lax.scan(
            body, self.inits(loop), slices, length=loop.body.trips, reverse=loop.reverse
        )
        return [*carried, *stacked]

    def while_(self, loop: Loop) -> Sequence[Array]:
        params = [carry.param for carry in loop.carries]
        updates = [carry.update for carry in loop.carries]
        test, predicate = loop.test, loop.predicate
        assert test is not None
        assert predicate is not None
        if self.facts.program.avals[predicate].shape:
            raise RewriteError(BATCHED_TEST)

        def bind(carried: Sequence[Array]) -> dict[int, Array]:
            return dict(zip(params, carried, strict=True))

        carried: Sequence[Array] = lax.while_loop(
            lambda carried: self.inside(test, bind(carried)).plain(predicate),
            lambda carried: self.results(loop.body, bind(carried), updates, params),
            self.inits(loop),
        )
        return carried


def carries(basis: Basis, equation: Equation) -> bool:
    """Whether an equation, or one in its bodies, makes or reads an image of the basis."""
    if any(value in basis.images for value in equation.outputs):
        return True
    if any(value in basis.images and value not in basis.seeds for value in equation.inputs):
        return True
    found = basis.contractions.get(id(equation))
    regions = () if equation.control is None else equation.control.regions
    return (found is not None and found.over == "again") or any(
        carries(basis, each) for region in regions for each in region.equations
    )


def is_scale(basis: Basis, equation: Equation) -> bool:
    """Whether an equation scales an image, row by row, with a number for each."""
    if equation.primitive not in ("mul", "div") or level(equation) > basis.level:
        return False
    images = [basis.images.get(value) for value in equation.inputs]
    seeds = [value for value in equation.inputs if value in basis.seeds]
    return len(seeds) == 1 and any(image and image.of is Of.ROWS for image in images)


def bound(equation: Equation, operands: Sequence[Array], params: Mapping[str, Any]) -> list[Array]:
    """What one equation computes, with other operands and parameters."""
    made = equation.eqn.primitive.bind(*operands, **params)
    return list(made) if equation.eqn.primitive.multiple_results else [made]


def literal(facts: Facts, value: int) -> Array:
    """A literal of the program, as an array of its type."""
    content = facts.program.constants[value]
    assert isinstance(content, _compat.Literal)
    return jnp.asarray(np.asarray(content.val), facts.program.avals[value].dtype)
