"""One function under test: what it is called with, its three stages and its name."""

from .naming import function_name, shape_text
from .refusals import NOT_ARGUMENTS, NOT_CALLABLE
from .stages import Program

__all__ = ["NOT_ARGUMENTS", "NOT_CALLABLE", "Program", "function_name", "shape_text"]
