"""Reading jaxprs: the inlined program, keys, places."""

from __future__ import annotations
