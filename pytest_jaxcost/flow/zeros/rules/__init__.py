"""One file per family of primitives; each registers its rules."""

from __future__ import annotations

from pytest_jaxcost.flow.zeros.rules import contractions as contractions
from pytest_jaxcost.flow.zeros.rules import convolutions as convolutions
from pytest_jaxcost.flow.zeros.rules import elementwise as elementwise
from pytest_jaxcost.flow.zeros.rules import indexing as indexing
from pytest_jaxcost.flow.zeros.rules import parts as parts
from pytest_jaxcost.flow.zeros.rules import reductions as reductions
from pytest_jaxcost.flow.zeros.rules import shapes as shapes
from pytest_jaxcost.flow.zeros.rules import sources as sources
