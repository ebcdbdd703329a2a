"""The rules, one file per family; importing them registers them."""

from pytest_jaxcost.hlo.rules import collectives as collectives
from pytest_jaxcost.hlo.rules import contractions as contractions
from pytest_jaxcost.hlo.rules import elementwise as elementwise
from pytest_jaxcost.hlo.rules import libraries as libraries
from pytest_jaxcost.hlo.rules import linalg as linalg
from pytest_jaxcost.hlo.rules import moves as moves
from pytest_jaxcost.hlo.rules import reductions as reductions
from pytest_jaxcost.hlo.rules import traffic as traffic
from pytest_jaxcost.hlo.rules.traffic import touched as touched
