"""``python -m pytest_jaxcost package.module:function 'f32[64,64]'`` measures without a test."""

from __future__ import annotations

import sys

from pytest_jaxcost.shell.command import main

if __name__ == "__main__":
    sys.exit(main())
