"""Plain records of what was found in a program: places, findings, totals.

They know nothing of JAX: names and avals are strings, amounts are exact integers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from fractions import Fraction
from functools import reduce
from types import MappingProxyType
from typing import Any, Literal, overload

Survival = Literal["survives", "removed", "partly", "unknown"]

PHASES = ("primal", "jvp", "transpose", "recompute", "unattributed")
"""What an equation is for: the function itself or a part of its derivative."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """One place in the user's source; ``phase`` is set where it differs between places."""

    file: str
    line: int
    function: str = ""
    phase: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """An equation that a finding is about, or an instruction of the compiled program.

    ``count`` is how many there are beyond what is needed, ``executions`` the same times trip
    counts, ``None`` where it was not looked at. ``flops``, ``transcendentals`` and
    ``bytes_accessed`` are what all of these cost together. ``nbytes`` is the size of the arrays,
    where a finding is about memory. ``asked`` is how often the lowered program has what a compiler
    repeats, ``None`` for all else.
    """

    primitive: str
    aval: str = ""
    count: int = 1
    executions: int | None = None
    flops: int = 0
    transcendentals: int = 0
    bytes_accessed: int = 0
    nbytes: int = 0
    asked: int | None = None
    places: tuple[Place, ...] = ()
    phase: str = ""
    has_edit: bool = True
    """Whether the program without the finding is known to do without it."""

    @property
    def operations(self) -> int:
        """Flops and transcendentals together."""
        return self.flops + self.transcendentals

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data: what is not known or does not apply is left out."""
        data = asdict(self) | {"places": [asdict(place) for place in self.places]}
        del data["has_edit"]
        return {name: value for name, value in data.items() if value not in (None, "", 0, [])}

    def plus(self, other: Evidence) -> Evidence:
        """Both as one, at the places of the first."""
        pairs = ((name, getattr(self, name), getattr(other, name)) for name in _AMOUNTS)
        sums: dict[str, Any] = {name: None if None in (a, b) else a + b for name, a, b in pairs}
        return replace(self, **sums)

    def times(self, n: Fraction | int) -> Evidence:
        """``n`` times as many."""
        amounts = ((name, getattr(self, name)) for name in _AMOUNTS)
        many: dict[str, Any] = {name: int(each * n) for name, each in amounts if each}
        return replace(self, **many)


_AMOUNTS = (
    *("count", "executions", "flops", "transcendentals", "bytes_accessed", "nbytes", "asked"),
)


def folded(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """One for all that have the same primitive and results, costliest first."""
    alike: dict[tuple[str, str], list[Evidence]] = {}
    for each in evidence:
        alike.setdefault((each.primitive, each.aval), []).append(each)
    together = (reduce(Evidence.plus, group) for group in alike.values())
    return tuple(sorted(together, key=lambda each: (-each.operations, -each.nbytes)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One cause of work that should not be done: what a person would mend in one place.

    ``title`` says it in a sentence about the user's code, ``code`` names its page in the
    documentation, and ``id`` stays the same while the file changes elsewhere. ``equations`` are the
    evidence. ``flops``, ``transcendentals`` and ``bytes_accessed`` are what the program without it
    saves, and lower bounds unless ``exact``. ``share`` is the part of the program's operations,
    between 0 and 1, and ``None`` where the program does none.
    """

    kind: str
    code: str = ""
    title: str = ""
    id: str = ""
    equations: tuple[Evidence, ...] = ()
    flops: int = 0
    transcendentals: int = 0
    bytes_accessed: int = 0
    share: float | None = None
    exact: bool = True
    bookkeeping: bool = False
    places: tuple[Place, ...] = ()
    phase: str = ""
    scope: str = ""
    hint: str = ""
    survival: Survival | None = None
    survival_reason: str = ""
    surviving_flops: int = 0
    surviving_transcendentals: int = 0
    more_temp_bytes: int | None = None
    """Temporary memory that the compiled program needs beyond today's without the findings."""
    members: tuple[int, ...] = field(default=(), compare=False, repr=False)
    """What tells the equations apart within one measurement, one by one; no part of the data."""
    edits: tuple[Any, ...] = field(default=(), compare=False, repr=False)
    """What takes the finding out of the program; no part of the data."""
    no_edit: str = ""
    """Why the program without the finding, or without a part of it, cannot be written down."""

    @property
    def cost(self) -> tuple[int, int, int, int]:
        """What findings are ordered by: work, then memory, then traffic, then how many."""
        return (self.operations, self.nbytes, self.bytes_accessed, self.count)

    @property
    def operations(self) -> int:
        """Flops and transcendentals together."""
        return self.flops + self.transcendentals

    @property
    def surviving_operations(self) -> int:
        """Those of the operations that the compiler leaves in."""
        return self.surviving_flops + self.surviving_transcendentals

    @property
    def primitive(self) -> str:
        """The primitive of the first equation."""
        return self.equations[0].primitive if self.equations else ""

    @property
    def aval(self) -> str:
        """The results of the first equation."""
        return self.equations[0].aval if self.equations else ""

    @property
    def count(self) -> int:
        """How many equations there are beyond those that are needed."""
        return sum(each.count for each in self.equations)

    @property
    def executions(self) -> int | None:
        """How often these run; ``None`` where it was not looked at."""
        runs = [each.executions for each in self.equations]
        return None if None in runs else sum(each for each in runs if each is not None)

    @property
    def nbytes(self) -> int:
        """The size of the arrays that a finding about memory is about."""
        return sum(each.nbytes for each in self.equations)

    @property
    def asked(self) -> int | None:
        """How often the lowered program has what the compiler repeats."""
        asked = [each.asked for each in self.equations if each.asked is not None]
        return sum(asked) if asked else None

    @property
    def computed(self) -> int | None:
        """How often the compiled program has what was asked for ``asked`` times."""
        return None if self.asked is None else self.asked + self.count

    @property
    def factor(self) -> float | None:
        """How many times as often as asked for it is computed."""
        return None if not self.asked else (self.asked + self.count) / self.asked

    def times(self, n: Fraction | int) -> Finding:
        """``n`` findings alike, or a part of one, as one."""
        return replace(
            self,
            equations=tuple(each.times(n) for each in self.equations),
            flops=int(self.flops * n),
            transcendentals=int(self.transcendentals * n),
            bytes_accessed=int(self.bytes_accessed * n),
            share=None if self.share is None else float(self.share * n),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        data = {name: getattr(self, name) for name in _DATA}
        return data | {
            "places": [asdict(place) for place in self.places],
            "equations": [each.to_dict() for each in folded(self.equations)],
        }


_DATA = tuple(each.name for each in fields(Finding) if each.compare)

Later = Callable[[], Iterable[Finding]]
"""Findings that are made when somebody asks for them."""


class Findings(Sequence[Finding]):
    """Findings of one kind, costliest first.

    The sequence and its sums hold work only. ``all`` has the bookkeeping too, and ``from_jax`` what
    JAX itself does where the user's code does not ask for it; both are made when they are read.
    ``unknown`` says why nothing is known of the kind, and ``unjudged`` why nothing is known of what
    the compiler makes of the findings; both are empty where all went well.
    """

    __slots__ = ("_bookkeeping", "_from_jax", "_work", "unjudged", "unknown")

    def __init__(
        self,
        findings: Iterable[Finding] = (),
        *,
        bookkeeping: Iterable[Finding] | Later = (),
        from_jax: Iterable[Finding] | Later = (),
        unknown: str = "",
        unjudged: str = "",
    ) -> None:
        self.unknown, self.unjudged = unknown, unjudged
        given = tuple(findings)
        self._work = _sorted(each for each in given if not each.bookkeeping)
        self._bookkeeping: tuple[Finding, ...] | Later = _later(
            (each for each in given if each.bookkeeping), bookkeeping
        )
        self._from_jax: tuple[Finding, ...] | Later = _later((), from_jax)

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Finding, ...]: ...
    def __getitem__(self, index: int | slice) -> Finding | tuple[Finding, ...]:
        return self._work[index]

    def __len__(self) -> int:
        return len(self._work)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Findings):
            return NotImplemented
        return (self.all, self.from_jax.all) == (other.all, other.from_jax.all)

    def __hash__(self) -> int:
        return hash(self._work)

    def __repr__(self) -> str:
        if self.unknown:
            return f"<Findings unknown: {self.unknown}>"
        named = (each.title or f"{each.primitive} {each.aval}".strip() for each in self[:3])
        names = ", ".join(named)
        more = ", ..." if len(self) > 3 else ""
        return f"<Findings count={self.count}: {names}{more}>" if self else "<Findings count=0>"

    @property
    def count(self) -> int:  # type: ignore[override]  # of a sequence it is a method nobody calls
        return len(self)

    @property
    def eqns(self) -> int:
        """How many equations the findings are about, beyond those that are needed."""
        return sum(finding.count for finding in self)

    @property
    def equations(self) -> tuple[Evidence, ...]:
        """The evidence of all findings, costliest first."""
        return tuple(each for finding in self for each in finding.equations)

    @property
    def flops(self) -> int:
        return sum(finding.flops for finding in self)

    @property
    def transcendentals(self) -> int:
        return sum(finding.transcendentals for finding in self)

    @property
    def operations(self) -> int:
        """Flops and transcendentals together."""
        return self.flops + self.transcendentals

    @property
    def bytes_accessed(self) -> int:
        return sum(finding.bytes_accessed for finding in self)

    @property
    def nbytes(self) -> int:
        return sum(finding.nbytes for finding in self)

    @property
    def largest_nbytes(self) -> int:
        return max((finding.nbytes for finding in self), default=0)

    @property
    def exact(self) -> bool:
        """``False`` when a cost among them is a lower bound, or nothing is known of them."""
        return not self.unknown and all(finding.exact for finding in self)

    @property
    def all(self) -> tuple[Finding, ...]:
        """The work and the bookkeeping."""
        if callable(self._bookkeeping):
            self._bookkeeping = tuple(self._bookkeeping())
        return _sorted((*self._work, *self._bookkeeping))

    @property
    def from_jax(self) -> Findings:
        """What JAX's own AD and library functions leave behind."""
        if callable(self._from_jax):
            self._from_jax = tuple(self._from_jax())
        return Findings(self._from_jax)

    def mapped(self, change: Callable[[Finding], Finding], *, unjudged: str = "") -> Findings:
        """The same with each finding of work changed."""
        return self._with(map(change, self), unjudged=unjudged)

    def guarded(self, guard: Callable[[Later], Iterable[Finding]]) -> Findings:
        """The same, where ``guard`` makes what is made later."""
        return self._with(
            self._work,
            bookkeeping=lambda: guard(lambda: _bookkeeping(self.all)),
            from_jax=lambda: guard(lambda: self.from_jax.all),
        )

    @property
    def surviving(self) -> Findings:
        """What the compiler leaves in of the findings."""
        left = (each for each in self if each.survival in ("survives", "partly"))
        return Findings(
            replace(
                each,
                flops=each.surviving_flops,
                transcendentals=each.surviving_transcendentals,
            )
            for each in left
        )

    @property
    def undecided(self) -> Findings:
        """The findings of which it is unknown whether the compiler leaves them in."""
        return Findings(finding for finding in self if finding.survival == "unknown")

    def without(self, primitives: Collection[str]) -> Findings:
        """The findings that are not about ``primitives`` alone."""
        if not primitives:
            return self
        return self._with(
            _without(self._work, primitives),
            bookkeeping=lambda: _without(_bookkeeping(self.all), primitives),
            from_jax=lambda: _without(self.from_jax.all, primitives),
        )

    def _with(
        self,
        work: Iterable[Finding],
        *,
        bookkeeping: Later | None = None,
        from_jax: Later | None = None,
        unjudged: str = "",
    ) -> Findings:
        """Other findings of the kind, of which as much is known."""
        return Findings(
            work,
            bookkeeping=bookkeeping or (lambda: _bookkeeping(self.all)),
            from_jax=from_jax or (lambda: self.from_jax.all),
            unknown=self.unknown,
            unjudged=unjudged or self.unjudged,
        )


def unknown_findings(reason: str) -> Findings:
    """No findings, of a kind of which nothing is known."""
    return Findings(unknown=reason)


def _bookkeeping(findings: Iterable[Finding]) -> Iterable[Finding]:
    return (each for each in findings if each.bookkeeping)


def _without(findings: Iterable[Finding], primitives: Collection[str]) -> list[Finding]:
    """The findings that are about other primitives too."""
    return [
        finding
        for finding in findings
        if not all(each.primitive in primitives for each in finding.equations)
    ]


def _later(
    given: Iterable[Finding], more: Iterable[Finding] | Later
) -> tuple[Finding, ...] | Later:
    listed = tuple(given)
    if callable(more):
        return lambda: (*listed, *more())
    return (*listed, *more)


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=_costliest_first))


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The whole traced program in numbers, trip counts applied.

    ``calls`` counts the call sites of call-like primitives, which ``primitives`` leaves out because
    their bodies are entered. Unless ``exact``, costs and ``executions`` are lower bounds and
    ``caveats`` says why. ``unknown`` says why nothing is known of the program, if that is so.
    """

    eqns: int = 0
    flops: int = 0
    transcendentals: int = 0
    bytes_accessed: int = 0
    primitives: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    executions: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    calls: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    exact: bool = True
    caveats: tuple[str, ...] = ()
    unknown: str = ""

    @property
    def operations(self) -> int:
        """Flops and transcendentals together."""
        return self.flops + self.transcendentals


def unknown_totals(reason: str) -> Totals:
    """The totals of a program of which nothing is known."""
    return Totals(exact=False, unknown=reason)


def _costliest_first(finding: Finding) -> tuple[Any, ...]:
    """Ties are broken by place and text, so that the order does not depend on the analysis."""
    descending = tuple(-amount for amount in finding.cost)
    return (descending, finding.places, finding.title, finding.primitive, finding.aval)
