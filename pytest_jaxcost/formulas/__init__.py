"""How much work an operation is: each formula once, for equations and for HLO instructions alike.

Pure functions of integers, which say nothing of what makes or reads the integers. An operation on
complex numbers counts once, as XLA counts it.
"""
