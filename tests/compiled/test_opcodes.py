from __future__ import annotations

import pytest

from pytest_jaxcost import hlo
from pytest_jaxcost.hlo.asynchronous import base_opcode
from pytest_jaxcost.hlo.registry import RULES
from pytest_jaxcost.hlo.rules.collectives import KINDS
from pytest_jaxcost.report.opcodes import COLLECTIVES, OPCODES
from tests.hlo.texts import BACKENDS, of_backend, stored


def test_every_opcode_that_is_priced_can_be_limited() -> None:
    assert RULES.keys() <= OPCODES
    assert set(KINDS) == COLLECTIVES


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_opcode_that_compilers_write_can_be_limited(backend: str) -> None:
    modules = (hlo.read(stored(name)) for name in of_backend(backend))
    written = {base_opcode(each.opcode) for module in modules for each in module.instructions}
    assert written <= OPCODES
    assert len(written) > 40
