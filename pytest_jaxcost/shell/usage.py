"""What is wrong with a command."""

from __future__ import annotations


class UsageError(ValueError):
    """A word of the command that cannot be meant; the text says what was read and is accepted."""
