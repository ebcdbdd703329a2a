"""The rules of this package, one file per family of primitives; importing them registers them."""

from pytest_jaxcost.cost.rules import bookkeeping as bookkeeping
from pytest_jaxcost.cost.rules import collectives as collectives
from pytest_jaxcost.cost.rules import convolutions as convolutions
from pytest_jaxcost.cost.rules import dots as dots
from pytest_jaxcost.cost.rules import elementwise as elementwise
from pytest_jaxcost.cost.rules import indexing as indexing
from pytest_jaxcost.cost.rules import linalg as linalg
from pytest_jaxcost.cost.rules import random as random
from pytest_jaxcost.cost.rules import reductions as reductions
from pytest_jaxcost.cost.rules import sorting as sorting
from pytest_jaxcost.cost.rules import state as state
from pytest_jaxcost.cost.rules import transforms as transforms
