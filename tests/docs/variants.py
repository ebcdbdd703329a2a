"""The failing variant at the end of an example, commented out so that the example passes."""

from __future__ import annotations

import re

HEADING = "# Take the `# ` away, and it fails:\n"


def with_failing_variant(source: str) -> str:
    """Return the example with the lines after the heading uncommented.

    Raises:
        ValueError: There is no such heading, or something else than comments after it.
    """
    before, heading, variant = source.partition(HEADING)
    lines = variant.splitlines(keepends=True)
    if not lines or not all(line.startswith("#") for line in lines):
        raise ValueError(f"no commented lines to the end after {HEADING!r}")
    return before + heading + re.sub("^# ?", "", variant, flags=re.MULTILINE)
