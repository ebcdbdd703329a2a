"""What is meant by a limit that does not exist: the nearest by meaning, then by spelling.

A guess is a name without ``max_`` or ``min_``. What it stands for is written as on the command
line, with dots: ``compiled.temp_bytes``, ``primitives.sin``, ``duplicates="2 kop"``.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator

from .errors import LimitError
from .measurement import Primitives
from .metrics import COMPILED, SUBJECTS, Stage
from .opcodes import COLLECTIVES, OPCODES
from .phases import NAMES as PHASES
from .suggest import did_you_mean
from .synonyms import PRIMITIVES, SYNONYMS, TIMED

PAGE = "docs/limits.md"

PREFIXES = ("max_", "min_", "")
SCOPES = (COMPILED, "phases", "scopes")
OTHERS = ("forbid", *SCOPES, "ignore", "relative_to")

NOT_TIMED = " (nothing is timed)"

FORMER = ("compiled_", "surviving_", "optimized_", "xla_")
"""What a name of the scope ``compiled`` may begin with instead."""

AMOUNTS = ("_flops", "_transcendentals", "_operations", "_ops")
"""What a name may end with instead of an amount of operations."""


def unknown_limit(key: str, stage: Stage, primitives: Primitives | None) -> LimitError:
    """The error about a limit that does not exist, with what may have been meant."""
    prefix = next(each for each in PREFIXES if key.startswith(each))
    word = key.removeprefix(prefix).lower().replace("isation", "ization")
    target = meant(word, primitives)
    if target is not None:
        remark = NOT_TIMED if word in TIMED else ""
        text = f"; did you mean {_spelled(target, prefix, stage)}?{remark}"
    elif near := did_you_mean(key, _keywords(stage)):
        text = near
    else:
        text = ". Limits are max_, min_ or nothing before a name such as flops, waste, duplicates"
    return LimitError(f"unknown limit {key!r}{text} ({PAGE} has all)")


def meant(word: str, primitives: Primitives | None) -> str | None:
    """What a guess stands for, or ``None``."""
    found = (rule(word, primitives) for rule in _RULES)
    return next((each for each in found if each is not None), None)


def _spelled(target: str, prefix: str, stage: Stage) -> str:
    """The keyword as Python: ``compiled={"max_temp_bytes": ...}``; a plain one in quotes."""
    path, _, bound = target.partition("=")
    parts = path.split(".")
    if stage == "compiled" and parts[0] == COMPILED:
        parts = parts[1:]
    at = next(k for k, part in enumerate(parts) if part in SUBJECTS)
    scopes, subject, item = parts[:at], parts[at], ".".join(parts[at + 1 :])
    keyword = f"{prefix or ('max_' if scopes else '')}{subject}"
    beside = f" beside {COMPILED}" if stage == "compiled" and not SUBJECTS[subject].compiled else ""
    if not (scopes or item or bound):
        return f"'{keyword}'{beside}"
    value = f'{{"{item}": ...}}' if item else bound or "..."
    return _nested(scopes, keyword, value) + beside


def _nested(scopes: list[str], keyword: str, value: str) -> str:
    if not scopes:
        return f"{keyword}={value}"
    inner = f'{{"{keyword}": {value}}}'
    for part in reversed(scopes[1:]):
        inner = f'{{"{part}": {inner}}}'
    return f"{scopes[0]}={inner}"


def _keywords(stage: Stage) -> Iterator[str]:
    for name, subject in SUBJECTS.items():
        if subject.traced if stage == "traced" else subject.compiled:
            yield from (f"{prefix}{name}" for prefix in PREFIXES)
    yield from OTHERS


Rule = Callable[[str, Primitives | None], str | None]


def _elsewhere(word: str, _: Primitives | None) -> str | None:
    """The name of a subject, of which the stage at hand has none."""
    if word not in SUBJECTS:
        return None
    return word if SUBJECTS[word].traced else f"{COMPILED}.{word}"


def _synonym(word: str, _: Primitives | None) -> str | None:
    return SYNONYMS.get(word)


def _surviving(word: str, primitives: Primitives | None) -> str | None:
    """The name of a compiled subject with the scope written before it."""
    for former in FORMER:
        if word.startswith(former):
            inner = meant(word.removeprefix(former), primitives)
            return inner and f"{COMPILED}.{inner.removeprefix(f'{COMPILED}.')}"
    return None


def _amount(word: str, _: Primitives | None) -> str | None:
    """A kind of finding with what its amount is in: now the bound has the unit."""
    for ending in AMOUNTS:
        if word.endswith(ending):
            kind = _kind(word.removesuffix(ending))
            return kind and f'{kind}="2 kop"'
    return None


def _kind(word: str) -> str | None:
    """The kind of findings of a guess, which may lack the plural or part of the name."""
    kinds = [name for name, each in SUBJECTS.items() if each.unit in ("findings", "op")]
    known = SYNONYMS.get(word, word)
    alike = [each for each in kinds if known in (each, f"{each}s", each.removesuffix("s"))]
    near = [each for each in kinds if each.startswith(f"{known}_")]
    return next(iter((*alike, *near)), None)


def _primitive(word: str, primitives: Primitives | None) -> str | None:
    known = primitives.primitive_names(word) if primitives else PRIMITIVES
    return f"primitives.{word}" if word in known | PRIMITIVES else None


def _opcode(word: str, _: Primitives | None) -> str | None:
    dashed = word.replace("_", "-")
    if dashed in COLLECTIVES:
        return f"{COMPILED}.collectives.{dashed}"
    return f"{COMPILED}.opcodes.{dashed}" if dashed in OPCODES else None


def _phase(word: str, _: Primitives | None) -> str | None:
    """A phase, or a subject with the phase written before it."""
    for phase in PHASES:
        rest = word.removeprefix(phase).removeprefix("_")
        if word.startswith(phase) and (not rest or rest in SUBJECTS):
            return f"phases.{phase}.{rest or 'flops'}"
    return None


def _near(word: str, _: Primitives | None) -> str | None:
    """A subject or a guess of much the same spelling."""
    known = {**{name: name for name in SUBJECTS}, **SYNONYMS}
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.75)
    return known[near[0]] if near else None


_RULES: tuple[Rule, ...] = (
    _elsewhere,
    _synonym,
    _surviving,
    _amount,
    _phase,
    _primitive,
    _opcode,
    _near,
)
