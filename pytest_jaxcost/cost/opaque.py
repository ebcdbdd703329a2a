"""Primitives whose work no compiler can see, and why."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

HOST = "it runs Python on the host"
FOREIGN = "it runs foreign code"
KERNEL = "it runs a kernel written for one kind of device"
EXPORTED = "it calls an exported program"

OPAQUE: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("pure_callback", "io_callback", "debug_callback", "debug_print"), HOST),
        **dict.fromkeys(("buffer_callback", "ffi_call"), FOREIGN),
        **dict.fromkeys(("tpu_custom_call", "elementwise_inline_asm"), KERNEL),
        "call_exported": EXPORTED,
    }
)
