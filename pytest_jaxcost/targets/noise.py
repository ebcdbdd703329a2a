"""What compilers print: native code writes to file descriptor 2, past ``sys.stderr``."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

MOST = 4_000  # characters shown, the last ones
STDERR = 2


@contextmanager
def noise_kept_out() -> Iterator[None]:
    """Keep what is written to file descriptor 2 out of the output.

    An exception from inside carries it along as a note.
    """
    sys.stderr.flush()
    kept = os.dup(STDERR)
    with tempfile.TemporaryFile() as noise:
        os.dup2(noise.fileno(), STDERR)
        try:
            yield
        except Exception as error:
            if said := _said(noise.fileno()):
                error.add_note(f"the compiler printed:\n{said}")
            raise
        finally:
            os.dup2(kept, STDERR)
            os.close(kept)


def _said(descriptor: int) -> str:
    size = os.lseek(descriptor, 0, os.SEEK_END)
    os.lseek(descriptor, max(0, size - MOST), os.SEEK_SET)
    return os.read(descriptor, MOST).decode(errors="replace").strip()
