"""An oracle for repeated work: every instruction of an HLO text written out as a whole expression.

It reads the text with a few regular expressions and knows nothing of the package.
"""

from __future__ import annotations

import re
from collections import Counter

HEAD = re.compile(r"^(?:ENTRY )?%?([\w.\-]+) .*\{$")
LINE = re.compile(r"^\s+(?:ROOT )?%?([\w.\-]+) = (\S+) ([\w\-]+)\((.*?)\)(?:, (.*))?$")
NAME = re.compile(r"%([\w.\-]+)")
APART = re.compile(r"(metadata|backend_config|calls|to_apply|body|condition)=(\{.*?\}|%[\w.\-]+)")
SAME = ("bitcast", "copy", "reshape")

Line = tuple[str, str, str, str, str]


def repeated(text: str, opcode: str) -> int:
    """How many instructions of an opcode in fusions compute what another one there does.

    Of the program outside of loops and branches; for texts without tuples in shapes.
    """
    computations, entry = _computations(text)
    found: Counter[str] = Counter()
    _expressions(computations, entry, [], opcode, found)
    return sum(found.values()) - len(found)


def _computations(text: str) -> tuple[dict[str, list[Line]], str]:
    computations: dict[str, list[Line]] = {}
    name = entry = ""
    for line in text.splitlines():
        if head := HEAD.match(line):
            name = head[1]
            computations[name] = []
            entry = name if line.startswith("ENTRY") else entry
        elif found := LINE.match(line):
            computations[name].append((found[1], found[2], found[3], found[4], found[5] or ""))
    return computations, entry


def _expressions(
    computations: dict[str, list[Line]],
    name: str,
    arguments: list[str],
    opcode: str,
    found: Counter[str],
) -> str:
    written: dict[str, str] = {}
    last = ""
    for each, shape, code, inside, attributes in computations[name]:
        operands = [written.get(operand, operand) for operand in NAME.findall(inside)]
        if code == "parameter":
            last = arguments[int(inside)] if arguments else each
        elif code in ("fusion", "call"):
            (called,) = re.findall(r"(?:calls|to_apply)=%([\w.\-]+)", attributes)
            last = _expressions(computations, called, operands, opcode, found)
        elif code in SAME:
            last = operands[0]
        else:
            kept = APART.sub("", attributes)
            constant = inside if code == "constant" else ""
            last = f"{code}{shape.partition('{')[0]}({','.join(operands)}{constant}{kept})"
            last = f"h{hash(last)}"
            found.update([last] if code == opcode else [])
        written[each] = last
    return last
